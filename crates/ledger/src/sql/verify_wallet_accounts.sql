-- W1: the points of every wallet account are in a ledger account of its own, of its scheme's currency, that keeps lots
-- where and only where the scheme's points expire; and every ledger account that holds a wallet's points has one.
with joined as (
  select w.brand_key, w.account_id, a.account_id is null as lost,
         a.steward <> 'points' or a.currency <> 'PTS:' || w.scheme_id as foreign_account,
         a.steward || ' ' || a.currency as found, 'points PTS:' || w.scheme_id as expected,
         s.scheme_id is null as no_scheme,
         a.keeps_lots <> (s.points_expiry is not null) as wrong_lots, a.keeps_lots
    from wallet.accounts w
    left join ledger.accounts a on a.brand_key = w.brand_key and a.account_id = w.ledger_account
    left join wallet.schemes s on s.brand_key = w.brand_key and s.scheme_id = w.scheme_id
), problems as (
  select 'W1' as checker, j.brand_key, 'wallet account ' || j.account_id as what, p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.lost, 'a ledger account', 'none', 'the ledger account of its points does not exist'),
           (j.foreign_account, j.expected, j.found, 'its points are in an account that is not its scheme''s'),
           (j.no_scheme, 'a scheme', 'none', 'the scheme of the account does not exist'),
           (j.wrong_lots, 'lots: ' || not j.keeps_lots, 'lots: ' || j.keeps_lots,
            'lots are kept where, and only where, the scheme''s points expire')
         ) as p (broken, expected, found, message)
   where (j.lost or j.foreign_account or j.no_scheme or j.wrong_lots) and p.broken
)
