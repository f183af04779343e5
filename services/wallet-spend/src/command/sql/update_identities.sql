update wallet.identities t
   set
  status = n.status, state = n.state, updated_at = n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]
  ) as n (
    brand_id, identity_id, status, state, updated_at
  )
 where t.brand_id = n.brand_id and t.identity_id = n.identity_id
