-- The holds of the locks of every wallet that is named which have run out, or will before this batch has decided,
-- and of the next ones whatever the clock says.
with named (brand_id, wallet_id) as (
  select i.brand_id, i.wallet_id
    from unnest($1::text[], $2::text[]) as n (brand_id, value)
   cross join lateral (
     select * from wallet.identities i where i.brand_id = n.brand_id and i.value = n.value offset 0
   ) i
  union
  select t.brand_id, t.wallet_id
    from unnest($3::text[], $4::text[]) as n (brand_id, reference)
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_id = n.brand_id and t.reference = n.reference
     offset 0
   ) t
  union
  select n.brand_id, n.wallet_id
    from unnest($5::text[], $6::bigint[]) as n (brand_id, wallet_id)
)
select named.brand_id, named.wallet_id, locks.hold_id
  from named
 cross join lateral wallet.next_locks(named.brand_id, named.wallet_id, $7::bigint, $8::bigint) as locks
