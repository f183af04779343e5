-- W2: a lock is a hold: the hold of every locked spend holds its points of its account and ended as the spend did,
-- and every open hold of points belongs to an ACTIVE spend.
with joined as (
  select t.brand_key, t.wallet_transaction_id, t.status, h.status as hold_status,
         t.hold_id is null or h.hold_id is null as lost,
         h.amount <> t.points or h.account_id <> a.ledger_account as foreign_hold,
         h.amount || ' of account ' || h.account_id as held, t.points || ' of account ' || a.ledger_account as locked,
         -- A lock that expired may be settled late, from usable points.
         h.status <> all (case t.status when 'ACTIVE' then array['open'] when 'VOIDED' then array['voided']
                                        when 'EXPIRED' then array['expired']
                                        when 'SETTLED' then array['captured', 'expired'] else array[]::text[] end)
         or h.status = 'captured' and h.captured <> t.settled_points as wrong_end,
         h.captured, t.settled_points
    from wallet.wallet_transactions t
    left join ledger.holds h on h.brand_key = t.brand_key and h.hold_id = t.hold_id
    left join wallet.accounts a on a.brand_key = t.brand_key and a.account_id = t.account_id
   where t.hold_id is not null or (t.type = 'SPEND' and t.status = 'ACTIVE')
), problems as (
  select 'W2' as checker, j.brand_key, 'wallet transaction ' || j.wallet_transaction_id as what,
         p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.lost, 'a hold', 'none', 'the lock has no hold in the ledger'),
           (j.foreign_hold, j.locked, j.held, 'the hold is not of the points that are locked'),
           (j.wrong_end, j.status || ', ' || j.settled_points || ' settled',
            j.hold_status || ', ' || j.captured || ' captured', 'the hold did not end as the spend did')
         ) as p (broken, expected, found, message)
   where (j.lost or j.foreign_hold or j.wrong_end) and p.broken
  union all
  select 'W2', h.brand_key, 'hold ' || h.hold_id, 'an ACTIVE spend', 'none',
         'points are held and no spend holds them'
    from ledger.holds h
    join ledger.accounts a on a.brand_key = h.brand_key and a.account_id = h.account_id and a.steward = 'points'
    left join wallet.wallet_transactions t on t.brand_key = h.brand_key and t.hold_id = h.hold_id
   where h.status = 'open' and t.wallet_transaction_id is null
)
