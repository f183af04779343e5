-- Arrays are unnested in the select list, here and in the other writes of many rows: in `from`, the server would store
-- each array's rows before it reads the first.
insert into ledger.idempotency_keys (brand_key, name, scope, key, fingerprint, refused, outcome, expires_at,
                                     created_at)
select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bytea[]),
       unnest($6::boolean[]), unnest($7::text[]), unnest($8::timestamptz[]), $9
