-- Joined by their key, like write_rows.sql: the holds' accounts are locked.
update ledger.holds h
   set status = u.status, captured = u.captured, closed_at = $5
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as hold_id, unnest($3::text[]) as status,
           unnest($4::bigint[]) as captured
  ) u
 where h.brand_key = u.brand_key and h.hold_id = u.hold_id
