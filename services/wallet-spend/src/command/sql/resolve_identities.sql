-- The wallets that identity values lead to.
select i.brand_id, i.value, i.wallet_id
  from unnest($1::text[], $2::text[]) as named (brand_id, value)
  join wallet.identities i on i.brand_id = named.brand_id and i.value = named.value
