-- The points accounts of wallets. Their figures are kept with their balances, which are locked, or read, before: what is
-- decided on these rows without locks is confirmed by those.
select a.brand_key, a.account_id, a.wallet_id, a.scheme_id, a.ledger_account, a.client_type, a.status, a.state,
       a.starts_at, a.ends_at, a.meta::text, a.created_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id) named
 cross join lateral (
   select * from wallet.accounts a where a.brand_key = named.brand_key and a.wallet_id = named.wallet_id offset 0
 ) a
