-- By ctid, like update_balances.sql: the lots' accounts are locked.
update ledger.lots l
   set remaining = u.remaining, held = u.held, expires_at = u.expires_at
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[])
    as u (brand_id, lot_id, remaining, held, expires_at)
 cross join lateral (
       select x.ctid from ledger.lots x
        where x.brand_id = u.brand_id and x.lot_id = u.lot_id
        limit 1
       ) x
 where l.ctid = x.ctid
