-- Arrays of arrays cannot be ragged, so each hold's lots arrive as array literals in text.
insert into ledger.holds (brand_key, hold_id, account_id, amount, lot_ids, lot_amounts, status, captured, expires_at,
                          created_at, closed_at)
select u.brand_key, u.hold_id, u.account_id, u.amount, u.lot_ids::uuid[], u.lot_amounts::bigint[], u.status,
       u.captured, u.expires_at, $10::timestamptz, case when u.status <> 'open' then $10::timestamptz end
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as hold_id, unnest($3::uuid[]) as account_id,
           unnest($4::bigint[]) as amount, unnest($5::text[]) as lot_ids, unnest($6::text[]) as lot_amounts,
           unnest($7::text[]) as status, unnest($8::bigint[]) as captured, unnest($9::timestamptz[]) as expires_at
  ) u
