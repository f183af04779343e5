-- Arrays of arrays cannot be ragged, so each hold's lots arrive as array literals in text.
insert into ledger.holds (brand_id, hold_id, account_id, amount, lot_ids, lot_amounts, status, captured, expires_at,
                          created_at, closed_at)
select u.brand_id, u.hold_id, u.account_id, u.amount, u.lot_ids::uuid[], u.lot_amounts::bigint[], u.status,
       u.captured, u.expires_at, $10::timestamptz, case when u.status <> 'open' then $10::timestamptz end
  from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[],
              $9::timestamptz[])
    as u (brand_id, hold_id, account_id, amount, lot_ids, lot_amounts, status, captured, expires_at)
