insert into wallet.wallets (
  brand_id, wallet_id, type, status, state, friendly_name, meta, consumer, created_at, updated_at
)
select
  n.brand_id, n.wallet_id, n.type, n.status, n.state, n.friendly_name, n.meta::json, n.consumer::json,
  n.created_at, n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[]
  ) as n (
    brand_id, wallet_id, type, status, state, friendly_name, meta, consumer, created_at, updated_at
  )
