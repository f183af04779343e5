-- What commands need of schemes; a scheme never changes.
select s.brand_key, s.scheme_id, s.reference, s.status, s.client_type, s.starts_at, s.ends_at, s.lock_seconds,
       s.points_expiry, s.issue_account, s.redemption_account, s.expired_account
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_key = named.brand_key and s.scheme_id = named.scheme_id offset 0
 ) s
