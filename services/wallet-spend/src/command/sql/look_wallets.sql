-- The same as `lock_wallets` without locks: what is decided on it is confirmed by the balances of its accounts.
select w.brand_key, w.wallet_id, w.type, w.status, w.state, w.friendly_name, w.meta::text, w.created_at, w.updated_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id) named
  join wallet.wallets w on w.brand_key = named.brand_key and w.wallet_id = named.wallet_id
