insert into wallet.accounts (
  brand_id, account_id, wallet_id, scheme_id, ledger_account, client_type, status, state, starts_at,
  ends_at, meta, lifetime, lifetime_spend, lifetime_spend_value, created_at, updated_at
)
select
  n.brand_id, n.account_id, n.wallet_id, n.scheme_id, n.ledger_account, n.client_type, n.status, n.state,
  n.starts_at, n.ends_at, n.meta::json, n.lifetime, n.lifetime_spend, n.lifetime_spend_value, n.created_at,
  n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::timestamptz[], $16::timestamptz[]
  ) as n (
    brand_id, account_id, wallet_id, scheme_id, ledger_account, client_type, status, state, starts_at,
    ends_at, meta, lifetime, lifetime_spend, lifetime_spend_value, created_at, updated_at
  )
