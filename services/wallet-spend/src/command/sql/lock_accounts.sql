-- The points accounts of the locked wallets, locked themselves: a batch that goes by what its lane remembers locks no
-- wallet, and moves these first. In the order in which it does.
select a.brand_key, a.account_id, a.wallet_id, a.scheme_id, a.ledger_account, a.client_type, a.status, a.state,
       a.starts_at, a.ends_at, a.meta::text, a.lifetime, a.lifetime_spend, a.lifetime_spend_value, a.created_at,
       a.updated_at, a.version
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id) named
 cross join lateral (
   select * from wallet.accounts a
    where a.brand_key = named.brand_key and a.wallet_id = named.wallet_id
    order by a.account_id
      for no key update
 ) a
