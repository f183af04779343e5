-- What commands need of schemes; a scheme never changes.
select s.brand_id, s.scheme_id, s.reference, s.status, s.client_type, s.starts_at, s.ends_at, s.lock_seconds,
       s.points_expiry, s.issue_account, s.redemption_account, s.expired_account
  from (select unnest($1::text[]) as brand_id, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = named.brand_id and s.scheme_id = named.scheme_id offset 0
 ) s
