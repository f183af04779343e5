insert into wallet.accounts (
  brand_key, account_id, wallet_id, scheme_id, ledger_account, client_type, status, state, starts_at,
  ends_at, meta, lifetime, lifetime_spend, lifetime_spend_value, created_at, updated_at,
  version
)
select
  n.brand_key, n.account_id, n.wallet_id, n.scheme_id, n.ledger_account, n.client_type, n.status, n.state,
  n.starts_at, n.ends_at, n.meta::json, n.lifetime, n.lifetime_spend, n.lifetime_spend_value, n.created_at,
  n.updated_at, n.version
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_id, unnest($3::bigint[]) as wallet_id,
           unnest($4::bigint[]) as scheme_id, unnest($5::uuid[]) as ledger_account, unnest($6::text[]) as client_type,
           unnest($7::text[]) as status, unnest($8::text[]) as state, unnest($9::timestamptz[]) as starts_at,
           unnest($10::timestamptz[]) as ends_at, unnest($11::text[]) as meta, unnest($12::bigint[]) as lifetime,
           unnest($13::bigint[]) as lifetime_spend, unnest($14::bigint[]) as lifetime_spend_value,
           unnest($15::timestamptz[]) as created_at, unnest($16::timestamptz[]) as updated_at,
           unnest($17::bigint[]) as version
  ) n
