-- The identities of wallets that are told of, and those that the commands name.
select i.brand_key, i.identity_id, i.wallet_id, i.type, i.value, i.friendly_name, i.safe_value, i.status, i.state,
       i.meta::text, i.starts_at, i.ends_at, i.created_at, i.updated_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id) named
 cross join lateral (
   select * from wallet.identities i where i.brand_key = named.brand_key and i.wallet_id = named.wallet_id offset 0
 ) i
union all
select i.brand_key, i.identity_id, i.wallet_id, i.type, i.value, i.friendly_name, i.safe_value, i.status, i.state,
       i.meta::text, i.starts_at, i.ends_at, i.created_at, i.updated_at
  from (select unnest($3::bigint[]) as brand_key, unnest($4::text[]) as value) named
 cross join lateral (
   select * from wallet.identities i where i.brand_key = named.brand_key and i.value = named.value offset 0
 ) i
