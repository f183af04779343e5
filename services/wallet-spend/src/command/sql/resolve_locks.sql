-- The holds of the locks of every wallet that is named which have run out, or will before this batch has decided,
-- and of the next ones whatever the clock says.
with named (brand_id, wallet_id) as (
  select i.brand_id, i.wallet_id
    from unnest($1::text[], $2::text[]) as n (brand_id, value)
    join wallet.identities i on i.brand_id = n.brand_id and i.value = n.value
  union
  select t.brand_id, t.wallet_id
    from unnest($3::text[], $4::text[]) as n (brand_id, reference)
    join wallet.wallet_transactions t on t.brand_id = n.brand_id and t.reference = n.reference
  union
  select n.brand_id, n.wallet_id
    from unnest($5::text[], $6::bigint[]) as n (brand_id, wallet_id)
)
select named.brand_id, named.wallet_id, locks.hold_id
  from named
 cross join lateral (
   (select t.hold_id
      from wallet.wallet_transactions t
     where t.brand_id = named.brand_id and t.wallet_id = named.wallet_id
       and t.status = 'ACTIVE' and t.lock_expires_at <= statement_timestamp() + interval '1 minute'
     order by t.lock_expires_at
     limit $7)
   union
   (select t.hold_id
      from wallet.wallet_transactions t
     where t.brand_id = named.brand_id and t.wallet_id = named.wallet_id
       and t.status = 'ACTIVE' and t.lock_expires_at is not null
     order by t.lock_expires_at
     limit $8)
 ) locks
