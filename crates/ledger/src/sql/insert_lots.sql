insert into ledger.lots (brand_id, account_id, lot_id, expires_at, remaining, held, created_at)
select u.*, $7
  from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::bigint[]) as u
