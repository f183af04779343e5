-- Rows that this batch has locked.
update ledger.balances b
   set posted = u.posted, held = u.held, version = u.version
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
    as u (brand_id, account_id, posted, held, version)
 where b.brand_id = u.brand_id and b.account_id = u.account_id
