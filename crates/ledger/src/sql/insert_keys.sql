insert into ledger.idempotency_keys (brand_id, scope, key, fingerprint, refused, outcome, expires_at, created_at)
select u.brand_id, u.scope, u.key, u.fingerprint, u.refused, u.outcome, u.expires_at, $8
  from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::boolean[], $6::text[], $7::timestamptz[])
    as u (brand_id, scope, key, fingerprint, refused, outcome, expires_at)
