insert into wallet.account_transactions (
  brand_key, account_transaction_id, parent_id, wallet_id, account_id, wallet_transaction_id, event, value,
  current_before, current_after, lifetime_before, lifetime_after, details, posting, created_at
)
select
  n.brand_key, n.account_transaction_id, n.parent_id, n.wallet_id, n.account_id, n.wallet_transaction_id,
  n.event, n.value, n.current_before, n.current_after, n.lifetime_before, n.lifetime_after,
  n.details, n.posting, n.created_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_transaction_id,
           unnest($3::bigint[]) as parent_id, unnest($4::bigint[]) as wallet_id, unnest($5::bigint[]) as account_id,
           unnest($6::bigint[]) as wallet_transaction_id, unnest($7::text[]) as event, unnest($8::bigint[]) as value,
           unnest($9::bigint[]) as current_before, unnest($10::bigint[]) as current_after,
           unnest($11::bigint[]) as lifetime_before, unnest($12::bigint[]) as lifetime_after,
           unnest($13::text[]) as details, unnest($14::uuid[]) as posting, unnest($15::timestamptz[]) as created_at
  ) n
