update wallet.accounts t
   set
  status = n.status, state = n.state, lifetime = n.lifetime, lifetime_spend = n.lifetime_spend,
  lifetime_spend_value = n.lifetime_spend_value, updated_at = n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_id, unnest($3::text[]) as status,
           unnest($4::text[]) as state, unnest($5::bigint[]) as lifetime, unnest($6::bigint[]) as lifetime_spend,
           unnest($7::bigint[]) as lifetime_spend_value, unnest($8::timestamptz[]) as updated_at
  ) n
 where t.brand_key = n.brand_key and t.account_id = n.account_id
