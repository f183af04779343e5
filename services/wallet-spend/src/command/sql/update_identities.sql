update wallet.identities t
   set
  status = n.status, state = n.state, updated_at = n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as identity_id, unnest($3::text[]) as status,
           unnest($4::text[]) as state, unnest($5::timestamptz[]) as updated_at
  ) n
 where t.brand_key = n.brand_key and t.identity_id = n.identity_id
