-- The answers of a batch under locks, ahead of its other rows: a key that another process is deciding is then known as
-- what the batch waits for. Otherwise write_rows.sql inserts them.
insert into ledger.idempotency_keys (brand_key, name, scope, key, fingerprint, refused, outcome, expires_at)
select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bytea[]),
       unnest($6::boolean[]), unnest($7::text[]), unnest($8::timestamptz[])
