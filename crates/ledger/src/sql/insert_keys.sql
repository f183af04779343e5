-- Arrays are unnested in the select list, here and in the other writes of many rows: in `from`, the server would store
-- each array's rows before it reads the first.
insert into ledger.idempotency_keys (brand_id, scope, key, fingerprint, refused, outcome, expires_at, created_at)
select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bytea[]), unnest($5::boolean[]),
       unnest($6::text[]), unnest($7::timestamptz[]), $8
