-- The live lots of the named accounts, and every lot that a named transaction moved, spent or not.
select l.brand_id, l.account_id, l.lot_id, l.expires_at, l.remaining, l.held
  from ledger.named_accounts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as named
 cross join lateral (
       select * from ledger.lots l
        where l.brand_id = named.brand_id and l.account_id = named.account_id and l.live
       offset 0
       ) l
union
select l.brand_id, l.account_id, l.lot_id, l.expires_at, l.remaining, l.held
  from (select unnest($7::text[]) as brand_id, unnest($8::uuid[]) as transaction_id) moved
 cross join lateral (
       select * from ledger.entries e
        where e.brand_id = moved.brand_id and e.transaction_id = moved.transaction_id
       offset 0
       ) e
 cross join lateral (
       select * from ledger.lots l
        where l.brand_id = e.brand_id and l.lot_id = e.lot_id
        limit 1
       ) l
