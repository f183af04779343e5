insert into wallet.schemes (
  brand_id, scheme_id, reference, version, type, class, status, client_type, name, starts_at, ends_at,
  lock_seconds, points_expiry, shown, issue_account, redemption_account, expired_account, created_at,
  updated_at
)
select
  n.brand_id, n.scheme_id, n.reference, n.version, n.type, n.class, n.status, n.client_type, n.name,
  n.starts_at, n.ends_at, n.lock_seconds, n.points_expiry, n.shown::json, n.issue_account,
  n.redemption_account, n.expired_account, n.created_at, n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::timestamptz[], $11::timestamptz[], $12::integer[], $13::text[], $14::text[],
    $15::uuid[], $16::uuid[], $17::uuid[], $18::timestamptz[], $19::timestamptz[]
  ) as n (
    brand_id, scheme_id, reference, version, type, class, status, client_type, name, starts_at, ends_at,
    lock_seconds, points_expiry, shown, issue_account, redemption_account, expired_account,
    created_at, updated_at
  )
