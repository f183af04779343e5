update wallet.accounts t
   set
  status = n.status, state = n.state, lifetime = n.lifetime, lifetime_spend = n.lifetime_spend,
  lifetime_spend_value = n.lifetime_spend_value, updated_at = n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::timestamptz[]
  ) as n (
    brand_id, account_id, status, state, lifetime, lifetime_spend, lifetime_spend_value, updated_at
  )
 where t.brand_id = n.brand_id and t.account_id = n.account_id
