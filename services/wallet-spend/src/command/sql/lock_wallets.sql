-- One wallet's commands happen one after another, across lanes and processes: without this lock two spends could
-- both see a reference free. (Batches that go by what their lane remembers lock no wallet: between them and others it is
-- the balances of its accounts, which are locked after this and before anything else of it is read.)
select w.brand_key, w.wallet_id, w.type, w.status, w.state, w.friendly_name, w.meta::text, w.created_at, w.updated_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id) named
  join wallet.wallets w on w.brand_key = named.brand_key and w.wallet_id = named.wallet_id
 order by w.brand_key, w.wallet_id
   for no key update of w
