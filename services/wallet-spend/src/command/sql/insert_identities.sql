insert into wallet.identities (
  brand_id, identity_id, wallet_id, type, value, friendly_name, safe_value, status, state, meta, starts_at,
  ends_at, created_at, updated_at
)
select
  n.brand_id, n.identity_id, n.wallet_id, n.type, n.value, n.friendly_name, n.safe_value, n.status,
  n.state, n.meta::json, n.starts_at, n.ends_at, n.created_at, n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[]
  ) as n (
    brand_id, identity_id, wallet_id, type, value, friendly_name, safe_value, status, state, meta,
    starts_at, ends_at, created_at, updated_at
  )
