-- Rows that this batch has locked.
update ledger.balances b
   set posted = u.posted, held = u.held, version = u.version
  from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as account_id, unnest($3::bigint[]) as posted,
               unnest($4::bigint[]) as held, unnest($5::bigint[]) as version) u
 where b.brand_key = u.brand_key and b.account_id = u.account_id
