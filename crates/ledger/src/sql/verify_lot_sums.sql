-- C2: the lots of an account that keeps lots sum to its posted balance, and their held parts to its held;
-- an account that keeps none has none.
with folded as (
  select brand_key, account_id, sum(remaining) as remaining, sum(held) as held
    from ledger.lots
   group by brand_key, account_id
), joined as (
  select a.brand_key, a.account_id, a.keeps_lots, b.posted, b.held,
         coalesce(f.remaining, 0) as remaining, coalesce(f.held, 0) as lots_held,
         not a.keeps_lots and f.account_id is not null as stray,
         a.keeps_lots and coalesce(f.remaining, 0) <> b.posted as wrong_posted,
         a.keeps_lots and coalesce(f.held, 0) <> b.held as wrong_held
    from ledger.accounts a
    join ledger.balances b on b.brand_key = a.brand_key and b.account_id = a.account_id
    left join folded f on f.brand_key = a.brand_key and f.account_id = a.account_id
), problems as (
  select 'C2' as checker, j.brand_key, 'account ' || j.account_id as what, p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.stray, 'no lots', 'lots of ' || j.remaining, 'an account that keeps no lots has some'),
           (j.wrong_posted, j.posted::text, j.remaining::text, 'the lots do not sum to the posted balance'),
           (j.wrong_held, j.held::text, j.lots_held::text, 'the held parts of the lots do not sum to what is held')
         ) as p (broken, expected, found, message)
   where (j.stray or j.wrong_posted or j.wrong_held) and p.broken
)
