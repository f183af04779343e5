-- Transactions with external reference $3 posted before transaction $2, newest first.
-- A reference is unique per type: the types are walked in the unique index, one look-up each.
with recursive kinds (type) as (
  (select posting.type
     from ledger.transactions posting
    where posting.brand_key = $1 and posting.external_ref is not null
    order by posting.type
    limit 1)
  union all
  select (select posting.type
            from ledger.transactions posting
           where posting.brand_key = $1 and posting.external_ref is not null and posting.type > kinds.type
           order by posting.type
           limit 1)
    from kinds
   where kinds.type is not null
)
select posting.transaction_id, posting.type, posting.external_ref, posting.memo, posting.posted_at
  from kinds
 cross join lateral (
       select * from ledger.transactions named
        where named.brand_key = $1 and named.type = kinds.type and named.external_ref = $3
       offset 0
       ) posting
 where posting.transaction_id < $2
 order by posting.transaction_id desc
 limit $4
