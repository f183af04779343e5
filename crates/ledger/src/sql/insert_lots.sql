insert into ledger.lots (brand_key, account_id, lot_id, expires_at, remaining, held, created_at)
select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::timestamptz[]), unnest($5::bigint[]),
       unnest($6::bigint[]), $7
