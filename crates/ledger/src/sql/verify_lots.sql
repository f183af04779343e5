-- C2: what remains of a lot is the sum of the entries that name it, all of them of the lot's own account.
with folded as (
  select brand_key, account_id, lot_id, sum(amount) as remaining
    from ledger.entries
   where lot_id is not null
   group by brand_key, account_id, lot_id
), joined as (
  select coalesce(l.brand_key, f.brand_key) as brand_key, coalesce(l.account_id, f.account_id) as account_id,
         coalesce(l.lot_id, f.lot_id) as lot_id, l.lot_id is null as no_lot,
         l.remaining <> coalesce(f.remaining, 0) as wrong_remaining,
         l.remaining, coalesce(f.remaining, 0) as folded
    from ledger.lots l
    full join folded f
      on f.brand_key = l.brand_key and f.account_id = l.account_id and f.lot_id = l.lot_id
), problems as (
  select 'C2' as checker, j.brand_key, 'lot ' || j.lot_id || ' of account ' || j.account_id as what,
         p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.no_lot, 'a lot', 'none', 'entries name a lot that their account does not have'),
           (j.wrong_remaining, j.folded::text, j.remaining::text, 'what remains is not the sum of the lot''s entries')
         ) as p (broken, expected, found, message)
   where (j.no_lot or j.wrong_remaining) and p.broken
)
