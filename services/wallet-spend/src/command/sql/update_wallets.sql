update wallet.wallets t
   set
  status = n.status, state = n.state, updated_at = n.updated_at
  from (
    select unnest($1::text[]) as brand_id, unnest($2::bigint[]) as wallet_id, unnest($3::text[]) as status,
           unnest($4::text[]) as state, unnest($5::timestamptz[]) as updated_at
  ) n
 where t.brand_id = n.brand_id and t.wallet_id = n.wallet_id
