insert into wallet.wallets (
  brand_key, wallet_id, type, status, state, friendly_name, meta, consumer, created_at, updated_at
)
select
  n.brand_key, n.wallet_id, n.type, n.status, n.state, n.friendly_name, n.meta::json, n.consumer::json,
  n.created_at, n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_id, unnest($3::text[]) as type,
           unnest($4::text[]) as status, unnest($5::text[]) as state, unnest($6::text[]) as friendly_name,
           unnest($7::text[]) as meta, unnest($8::text[]) as consumer, unnest($9::timestamptz[]) as created_at,
           unnest($10::timestamptz[]) as updated_at
  ) n
