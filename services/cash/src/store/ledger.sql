-- Rows below version $3 of the account that is called $2, newest first: one for each transaction, however many
-- lots it moved. A row is named by its first entry.
-- The entries of one transaction are next to each other, because a batch moves the account for all of them at once. So
-- they are found by walking from one entry to the one before it, until enough transactions have gone by.
with recursive walk as (
  select entry.*, case when entry.version < $3 then 1 else 0 end::bigint as place
    from (select * from ledger.accounts named where named.brand_key = $1 and named.code = $2 offset 0) account
   cross join lateral ledger.history_below(account.brand_key, account.account_id, $3) begin
   cross join lateral (
         select * from ledger.entries entry
          where entry.brand_key = $1 and entry.transaction_id = begin.transaction_id and entry.line = begin.line
         offset 0
         ) entry
  union all
  select entry.*,
         walk.place + case
           when entry.version < $3 and (walk.place = 0 or entry.transaction_id <> walk.transaction_id) then 1
           else 0
         end
    from walk
   cross join lateral (
         select * from ledger.entries entry
          where entry.brand_key = $1
            and entry.transaction_id = walk.previous_transaction and entry.line = walk.previous_line
         offset 0
         ) entry
   where walk.place < $4 or entry.transaction_id = walk.transaction_id
), head as (
  select distinct on (place) place, version, transaction_id, line, lot_id, posted_at,
         sum(amount) over (partition by place)::bigint as amount
    from walk
   where place > 0
   order by place, version
)
select head.version,
       head.transaction_id,
       head.line,
       head.lot_id,
       head.posted_at,
       posting.type,
       posting.memo,
       posting.metadata::text as metadata,
       head.amount
  from head
 cross join lateral (
       select * from ledger.transactions moved
        where moved.brand_key = $1 and moved.transaction_id = head.transaction_id
       offset 0
       ) posting
 order by head.place
