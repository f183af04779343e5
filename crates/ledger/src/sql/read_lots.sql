-- The live lots of the named accounts, and every lot that a named transaction moved, spent or not.
select l.brand_key, l.account_id, l.lot_id, l.expires_at, l.remaining, l.held
  from ledger.named_accounts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as named
 cross join lateral (
       select * from ledger.lots l
        where l.brand_key = named.brand_key and l.account_id = named.account_id and l.live
       offset 0
       ) l
union
select l.brand_key, l.account_id, l.lot_id, l.expires_at, l.remaining, l.held
  from (select unnest($7::bigint[]) as brand_key, unnest($8::uuid[]) as transaction_id) moved
 cross join lateral (
       select * from ledger.entries e
        where e.brand_key = moved.brand_key and e.transaction_id = moved.transaction_id
       offset 0
       ) e
 cross join lateral (
       select * from ledger.lots l
        where l.brand_key = e.brand_key and l.lot_id = e.lot_id
        limit 1
       ) l
