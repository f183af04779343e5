-- W3: every posting that moves a wallet account's points is told by one account transaction, of as many points;
-- and what an account transaction tells was posted. And ids are given once in a brand: the keys of the two tables lead
-- with the wallet and the account, so that what is read together lies together.
with moved as (
  select w.brand_key, w.account_id, e.transaction_id, sum(e.amount) as points
    from wallet.accounts w
    join ledger.entries e on e.brand_key = w.brand_key and e.account_id = w.ledger_account
   group by w.brand_key, w.account_id, e.transaction_id
), told as (
  select brand_key, account_id, posting, count(*) as times, min(account_transaction_id) as first,
         -- A refund gives points back, or takes back what a purchase gave.
         bool_and(event = 'REFUND') as either_way,
         sum(case when event in ('SPEND', 'DEBIT', 'EXPIRE') then -value else value end) as points
    from wallet.account_transactions
   where posting is not null
   group by brand_key, account_id, posting
), joined as (
  select coalesce(m.brand_key, t.brand_key) as brand_key, coalesce(m.account_id, t.account_id) as account_id,
         coalesce(m.transaction_id, t.posting) as transaction_id, m.points, t.points as told, t.times,
         t.posting is null as untold, m.transaction_id is null as unposted, t.times > 1 as repeated,
         m.points <> t.points and not (t.either_way and m.points = -t.points) as wrong_points
    from moved m
    full join told t on t.brand_key = m.brand_key and t.account_id = m.account_id and t.posting = m.transaction_id
), repeated as (
  select brand_key, 'account transaction ' || account_transaction_id as what, count(*) as times
    from wallet.account_transactions
   group by brand_key, account_transaction_id
  having count(*) > 1
  union all
  select brand_key, 'wallet transaction ' || wallet_transaction_id, count(*)
    from wallet.wallet_transactions
   group by brand_key, wallet_transaction_id
  having count(*) > 1
), problems as (
  select 'W3' as checker, j.brand_key,
         'transaction ' || j.transaction_id || ' of wallet account ' || j.account_id as what,
         p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.untold, 'an account transaction', 'none', 'points were posted and no account transaction tells of it'),
           (j.unposted, 'a posting', 'none', 'an account transaction tells of points that were not posted'),
           (j.repeated, '1 account transaction', j.times::text, 'a posting is told more than once'),
           (j.wrong_points, j.points::text, j.told::text, 'an account transaction tells other points than were posted')
         ) as p (broken, expected, found, message)
   where (j.untold or j.unposted or j.repeated or j.wrong_points) and p.broken
  union all
  select 'W3', brand_key, what, 'once', times || ' times', 'an id is given more than once in a brand' from repeated
)
