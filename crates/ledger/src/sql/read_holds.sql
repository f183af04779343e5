-- The holds that the batch's commands name. Their accounts are locked, so they cannot change meanwhile.
select h.brand_key, h.hold_id, h.account_id, h.amount, h.lot_ids, h.lot_amounts, h.status, h.captured, h.expires_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as hold_id) named
 cross join lateral (
       select * from ledger.holds h
        where h.brand_key = named.brand_key and h.hold_id = named.hold_id
        limit 1
       ) h
