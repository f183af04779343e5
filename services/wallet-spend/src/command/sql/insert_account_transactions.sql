insert into wallet.account_transactions (
  brand_id, account_transaction_id, parent_id, wallet_id, account_id, wallet_transaction_id, event, value,
  current_before, current_after, lifetime_before, lifetime_after, details, posting, created_at
)
select
  n.brand_id, n.account_transaction_id, n.parent_id, n.wallet_id, n.account_id, n.wallet_transaction_id,
  n.event, n.value, n.current_before, n.current_after, n.lifetime_before, n.lifetime_after,
  n.details, n.posting, n.created_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::uuid[],
    $15::timestamptz[]
  ) as n (
    brand_id, account_transaction_id, parent_id, wallet_id, account_id, wallet_transaction_id, event,
    value, current_before, current_after, lifetime_before, lifetime_after, details, posting, created_at
  )
