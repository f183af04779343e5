-- Joined by their key, like write_rows.sql. A hold ends once: one that has ended meanwhile fails the batch. (By its
-- `closed_at`: asked for its status instead, a row took 29 µs and not 12.)
with ended as (
  update ledger.holds h
     set status = u.status, captured = u.captured, closed_at = $5
    from (
      select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as hold_id, unnest($3::text[]) as status,
             unnest($4::bigint[]) as captured
    ) u
   where h.brand_key = u.brand_key and h.hold_id = u.hold_id and h.closed_at is null
  returning 1
)
select ledger.refuse_stale(count(*), cardinality($2)) from ended
