-- By the row's own place (ctid), looked up by key: rows that this batch has locked do not move.
update ledger.balances b
   set posted = u.posted, held = u.held, version = u.version
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
    as u (brand_id, account_id, posted, held, version)
 cross join lateral (
       select x.ctid from ledger.balances x
        where x.brand_id = u.brand_id and x.account_id = u.account_id
        limit 1
       ) x
 where b.ctid = x.ctid
