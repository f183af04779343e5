-- C2: what is held of an account is the sum of its open holds, and of each lot likewise; a hold on an account that
-- keeps lots names lots that make up its amount, and only a captured hold has captured anything.
with by_account as (
  select brand_key, account_id, sum(amount) as held
    from ledger.holds
   where status = 'open'
   group by brand_key, account_id
), accounts as (
  select coalesce(b.brand_key, f.brand_key) as brand_key, coalesce(b.account_id, f.account_id) as account_id,
         b.held::text as held, coalesce(f.held, 0)::text as folded
    from ledger.balances b
    full join by_account f on f.brand_key = b.brand_key and f.account_id = b.account_id
   where b.held is distinct from coalesce(f.held, 0)
), by_lot as (
  select h.brand_key, h.account_id, part.lot_id, sum(part.amount) as held
    from ledger.holds h
   cross join lateral unnest(h.lot_ids, h.lot_amounts) as part (lot_id, amount)
   where h.status = 'open'
   group by h.brand_key, h.account_id, part.lot_id
), lots as (
  select coalesce(l.brand_key, f.brand_key) as brand_key, coalesce(l.account_id, f.account_id) as account_id,
         coalesce(l.lot_id, f.lot_id) as lot_id, l.held::text as held, coalesce(f.held, 0)::text as folded
    from ledger.lots l
    full join by_lot f on f.brand_key = l.brand_key and f.account_id = l.account_id and f.lot_id = l.lot_id
   where l.held is distinct from coalesce(f.held, 0)
), holds as (
  select h.brand_key, h.hold_id, h.amount, h.status, h.captured,
         case when a.keeps_lots
              then (select coalesce(sum(part), 0) from unnest(h.lot_amounts) as part) <> h.amount
                   or cardinality(h.lot_ids) <> cardinality(h.lot_amounts)
              else cardinality(h.lot_ids) + cardinality(h.lot_amounts) > 0 end as wrong_lots,
         h.status <> 'captured' and h.captured <> 0 as wrong_captured
    from ledger.holds h
    join ledger.accounts a on a.brand_key = h.brand_key and a.account_id = h.account_id
), problems as (
  select 'C2' as checker, brand_key, 'account ' || account_id as what, folded as expected,
         coalesce(held, 'no balance') as found, 'what is held is not the sum of the open holds' as message
    from accounts
  union all
  select 'C2', brand_key, 'lot ' || lot_id || ' of account ' || account_id, folded, coalesce(held, 'no lot'),
         'what is held of the lot is not the sum of the open holds that name it'
    from lots
  union all
  select 'C2', brand_key, 'hold ' || hold_id, 'lots that make up ' || amount, 'other lots',
         'the lots of the hold do not make up its amount'
    from holds
   where wrong_lots
  union all
  select 'C2', brand_key, 'hold ' || hold_id, '0 captured', captured::text, 'a hold that is ' || status || ' captured something'
    from holds
   where wrong_captured
)
