-- W1: the points of every wallet account are in a ledger account of its own, of its scheme's currency, that keeps lots
-- where and only where the scheme's points expire; and every ledger account that holds a wallet's points has one. What is
-- kept with the balance, points ever given and ever spent, is what the account's transactions moved. (They stop at
-- 2^53 - 1. The money that spends gave is not looked at: a spend by hand tells it nowhere else.)
with given as (
  select brand_key, account_id, sum(lifetime_after - lifetime_before) as lifetime,
         coalesce(sum(value) filter (where event = 'SPEND' and wallet_transaction_id = 0), 0) as by_hand
    from wallet.account_transactions
   group by brand_key, account_id
), spent as (
  select brand_key, account_id, sum(settled_points - refunded_points) as points
    from wallet.wallet_transactions
   where type = 'SPEND'
   group by brand_key, account_id
), joined as (
  select w.brand_key, w.account_id, a.account_id is null as lost,
         a.steward <> 'points' or a.currency <> 'PTS:' || w.scheme_id as foreign_account,
         a.steward || ' ' || a.currency as found, 'points PTS:' || w.scheme_id as expected,
         s.scheme_id is null as no_scheme,
         a.keeps_lots <> (s.points_expiry is not null) as wrong_lots, a.keeps_lots,
         a.account_id is not null and cardinality(b.figures) is distinct from 4 as no_figures, b.figures,
         coalesce(g.lifetime, 0) as lifetime, b.figures[1] <> coalesce(g.lifetime, 0) as wrong_lifetime,
         p.spent, b.figures[2] <> p.spent and p.spent < 9007199254740991 as wrong_spend
    from wallet.accounts w
    left join ledger.accounts a on a.brand_key = w.brand_key and a.account_id = w.ledger_account
    left join ledger.balances b on b.brand_key = w.brand_key and b.account_id = w.ledger_account
    left join wallet.schemes s on s.brand_key = w.brand_key and s.scheme_id = w.scheme_id
    left join given g on g.brand_key = w.brand_key and g.account_id = w.account_id
    left join spent t on t.brand_key = w.brand_key and t.account_id = w.account_id
   cross join lateral (select coalesce(t.points, 0) + coalesce(g.by_hand, 0) as spent) p
), problems as (
  select 'W1' as checker, j.brand_key, 'wallet account ' || j.account_id as what, p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.lost, 'a ledger account', 'none', 'the ledger account of its points does not exist'),
           (j.foreign_account, j.expected, j.found, 'its points are in an account that is not its scheme''s'),
           (j.no_scheme, 'a scheme', 'none', 'the scheme of the account does not exist'),
           (j.wrong_lots, 'lots: ' || not j.keeps_lots, 'lots: ' || j.keeps_lots,
            'lots are kept where, and only where, the scheme''s points expire'),
           (j.no_figures, 'four figures', coalesce(j.figures::text, 'none'),
            'its figures are not kept with its balance'),
           (j.wrong_lifetime, j.lifetime::text, j.figures[1]::text,
            'its lifetime is not what its transactions have given'),
           (j.wrong_spend, j.spent::text, j.figures[2]::text,
            'its lifetime spend is not what was spent and not refunded')
         ) as p (broken, expected, found, message)
   where (j.lost or j.foreign_account or j.no_scheme or j.wrong_lots or j.no_figures or j.wrong_lifetime or j.wrong_spend)
     and p.broken
)
