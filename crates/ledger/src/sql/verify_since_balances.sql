-- Every balance against the entry that it names as its last, however old that is: C2 it is the balance after it; C4 its version is
-- that entry's; C5 it keeps to its limits. One look into the primary key of the entries per account.
-- The moment ($2) is not needed: a balance costs the same whether or not it has moved.
with judged as (
  select b.brand_key, b.account_id, b.posted, b.held, b.version, b.floor, b.ceiling,
         coalesce(e.balance_after, 0) as balance_after, coalesce(e.version, 0) as version_last,
         b.posted <> coalesce(e.balance_after, 0) as wrong_posted,
         b.version <> coalesce(e.version, 0) as wrong_version,
         b.posted::numeric - b.held < b.floor as below, b.posted > b.ceiling as above
    from ledger.balances b
    left join lateral (
         select x.balance_after, x.version from ledger.entries x
          where x.brand_key = b.brand_key and x.account_id = b.account_id
            and x.transaction_id = b.last_transaction and x.line = b.last_line
         offset 0
         ) e on true
   where $2::timestamptz is not null
), problems as (
  select p.checker, j.brand_key, 'account ' || j.account_id as what, p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           ('C2', j.wrong_posted, j.balance_after::text, j.posted::text,
            'the posted balance is not the one after the last entry'),
           ('C4', j.wrong_version, j.version_last::text, j.version::text,
            'the version of the balance is not that of the last entry'),
           ('C5', j.below, 'at least ' || j.floor, (j.posted::numeric - j.held)::text, 'the balance is below the floor'),
           ('C5', j.above, 'at most ' || j.ceiling, j.posted::text, 'the balance is above the ceiling')
         ) as p (checker, broken, expected, found, message)
   where (j.wrong_posted or j.wrong_version or j.below or j.above) and p.broken
)
