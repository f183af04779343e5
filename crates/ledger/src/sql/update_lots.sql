-- Joined by their key, like write_rows.sql: the lots' accounts are locked, or confirmed before.
update ledger.lots l
   set remaining = u.remaining, held = u.held, expires_at = u.expires_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as lot_id, unnest($3::bigint[]) as remaining,
               unnest($4::bigint[]) as held, unnest($5::timestamptz[]) as expires_at) u
 where l.brand_key = u.brand_key and l.lot_id = u.lot_id
