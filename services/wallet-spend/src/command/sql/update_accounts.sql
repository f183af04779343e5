update wallet.accounts t
   set status = n.status, state = n.state
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_id, unnest($3::text[]) as status,
           unnest($4::text[]) as state
  ) n
 where t.brand_key = n.brand_key and t.account_id = n.account_id
