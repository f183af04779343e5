insert into wallet.accounts (
  brand_key, account_id, wallet_id, scheme_id, ledger_account, client_type, status, state, starts_at,
  ends_at, meta, created_at
)
select
  n.brand_key, n.account_id, n.wallet_id, n.scheme_id, n.ledger_account, n.client_type, n.status, n.state,
  n.starts_at, n.ends_at, n.meta::json, n.created_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_id, unnest($3::bigint[]) as wallet_id,
           unnest($4::bigint[]) as scheme_id, unnest($5::uuid[]) as ledger_account, unnest($6::text[]) as client_type,
           unnest($7::text[]) as status, unnest($8::text[]) as state, unnest($9::timestamptz[]) as starts_at,
           unnest($10::timestamptz[]) as ends_at, unnest($11::text[]) as meta, unnest($12::timestamptz[]) as created_at
  ) n
