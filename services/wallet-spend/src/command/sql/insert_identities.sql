insert into wallet.identities (
  brand_key, identity_id, wallet_id, type, value, friendly_name, safe_value, status, state, meta, starts_at,
  ends_at, created_at, updated_at
)
select
  n.brand_key, n.identity_id, n.wallet_id, n.type, n.value, n.friendly_name, n.safe_value, n.status,
  n.state, n.meta::json, n.starts_at, n.ends_at, n.created_at, n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as identity_id, unnest($3::bigint[]) as wallet_id,
           unnest($4::text[]) as type, unnest($5::text[]) as value, unnest($6::text[]) as friendly_name,
           unnest($7::text[]) as safe_value, unnest($8::text[]) as status, unnest($9::text[]) as state,
           unnest($10::text[]) as meta, unnest($11::timestamptz[]) as starts_at, unnest($12::timestamptz[]) as ends_at,
           unnest($13::timestamptz[]) as created_at, unnest($14::timestamptz[]) as updated_at
  ) n
