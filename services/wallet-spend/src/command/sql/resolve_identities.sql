-- The wallets that identity values lead to.
select i.brand_id, i.value, i.wallet_id
  from unnest($1::text[], $2::text[]) as named (brand_id, value)
 cross join lateral (
   select * from wallet.identities i where i.brand_id = named.brand_id and i.value = named.value offset 0
 ) i
