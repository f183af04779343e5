-- W5: the points that a scheme has issued are those that were redeemed, that expired, and that are alive in its wallets:
-- in the lots of the accounts that keep some, in the balances of the others. Issued points are a credit.
with live as (
  select w.brand_key, w.scheme_id,
         sum(case when a.keeps_lots then coalesce(l.remaining, 0) else coalesce(b.posted, 0) end) as points
    from wallet.accounts w
    join ledger.accounts a on a.brand_key = w.brand_key and a.account_id = w.ledger_account
    left join ledger.balances b on b.brand_key = w.brand_key and b.account_id = w.ledger_account
    left join (
      select brand_key, account_id, sum(remaining) as remaining
        from ledger.lots
       where live
       group by brand_key, account_id
    ) l on l.brand_key = w.brand_key and l.account_id = w.ledger_account
   group by w.brand_key, w.scheme_id
), moved as (
  -- Of the entries, so that a wrong balance does not hide a wrong sum.
  select e.brand_key, e.account_id, sum(e.amount) as points
    from wallet.schemes s
   cross join lateral (values (s.issue_account), (s.redemption_account), (s.expired_account)) as of (account_id)
    join ledger.entries e on e.brand_key = s.brand_key and e.account_id = of.account_id
   group by e.brand_key, e.account_id
), figures as (
  select s.brand_key, s.scheme_id, -coalesce(i.points, 0) as issued, coalesce(r.points, 0) as redeemed,
         coalesce(x.points, 0) as expired, coalesce(l.points, 0) as live
    from wallet.schemes s
    left join moved i on i.brand_key = s.brand_key and i.account_id = s.issue_account
    left join moved r on r.brand_key = s.brand_key and r.account_id = s.redemption_account
    left join moved x on x.brand_key = s.brand_key and x.account_id = s.expired_account
    left join live l on l.brand_key = s.brand_key and l.scheme_id = s.scheme_id
), problems as (
  select 'W5' as checker, f.brand_key, 'scheme ' || f.scheme_id as what, f.issued || ' issued' as expected,
         f.redeemed || ' redeemed + ' || f.expired || ' expired + ' || f.live || ' live' as found,
         'the points issued are not those redeemed, expired and alive' as message
    from figures f
   where f.issued <> f.redeemed + f.expired + f.live
)
