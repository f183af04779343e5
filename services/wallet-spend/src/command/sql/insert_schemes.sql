insert into wallet.schemes (
  brand_key, scheme_id, reference, version, type, class, status, client_type, name, starts_at, ends_at,
  lock_seconds, points_expiry, shown, issue_account, redemption_account, expired_account, created_at,
  updated_at
)
select
  n.brand_key, n.scheme_id, n.reference, n.version, n.type, n.class, n.status, n.client_type, n.name,
  n.starts_at, n.ends_at, n.lock_seconds, n.points_expiry, n.shown::json, n.issue_account,
  n.redemption_account, n.expired_account, n.created_at, n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as scheme_id, unnest($3::text[]) as reference,
           unnest($4::integer[]) as version, unnest($5::text[]) as type, unnest($6::text[]) as class,
           unnest($7::text[]) as status, unnest($8::text[]) as client_type, unnest($9::text[]) as name,
           unnest($10::timestamptz[]) as starts_at, unnest($11::timestamptz[]) as ends_at,
           unnest($12::integer[]) as lock_seconds, unnest($13::text[]) as points_expiry, unnest($14::text[]) as shown,
           unnest($15::uuid[]) as issue_account, unnest($16::uuid[]) as redemption_account,
           unnest($17::uuid[]) as expired_account, unnest($18::timestamptz[]) as created_at,
           unnest($19::timestamptz[]) as updated_at
  ) n
