-- Joined by their key, like update_balances.sql: the holds' accounts are locked.
update ledger.holds h
   set status = u.status, captured = u.captured, closed_at = $5
  from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[]) as u (brand_id, hold_id, status, captured)
 where h.brand_id = u.brand_id and h.hold_id = u.hold_id
