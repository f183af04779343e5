-- The entries made since a moment ($2), each against the one before it: C4 there is one unless it is the first;
-- C7 its balance is that one's plus its own amount; C1 it is in its account's currency; C2 it names a lot where, and
-- only where, its account keeps lots.
with recent as materialized (
  select t.brand_key, t.transaction_id
    from ledger.brands b
   cross join lateral (
         select x.brand_key, x.transaction_id from ledger.transactions x
          where x.brand_key = b.brand_key
            and x.transaction_id >= (lpad(to_hex((extract(epoch from $2::timestamptz) * 1000)::bigint), 12, '0')
                                     || '00000000000000000000')::uuid
         ) t
), chained as (
  select e.brand_key, e.account_id, e.version, e.amount, e.balance_after, before.balance_after as balance_before,
         e.version > 1 and before.balance_after is null as gap,
         a.currency is distinct from e.currency as wrong_currency,
         a.keeps_lots is distinct from (e.lot_id is not null) as wrong_lot, a.currency, e.currency as entry_currency
    from recent r
   cross join lateral (
         select * from ledger.entries x where x.brand_key = r.brand_key and x.transaction_id = r.transaction_id offset 0
         ) e
    left join lateral (
         select x.balance_after from ledger.entries x
          where x.brand_key = e.brand_key and x.account_id = e.account_id and x.version = e.version - 1
          limit 1
         ) before on true
    left join lateral (
         select x.currency, x.keeps_lots from ledger.accounts x
          where x.brand_key = e.brand_key and x.account_id = e.account_id
          limit 1
         ) a on true
), judged as (
  select *, not gap and balance_after::numeric <> coalesce(balance_before, 0)::numeric + amount as broken_chain
    from chained
), problems as (
  select p.checker, j.brand_key, 'account ' || j.account_id as what, p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           ('C4', j.gap, 'a version ' || (j.version - 1), 'none', 'the versions of the entries have a gap or a repetition'),
           ('C7', j.broken_chain, 'balance_after = the one before + amount', 'not so at version ' || j.version,
            'the balances after the entries do not follow from their amounts'),
           ('C1', j.wrong_currency, coalesce(j.currency, 'an account'), j.entry_currency,
            'an entry is not in the currency of its account'),
           ('C2', j.wrong_lot, 'a lot or none, as the account keeps', 'not so at version ' || j.version,
            'entries name a lot where, and only where, the account keeps lots')
         ) as p (checker, broken, expected, found, message)
   where (j.gap or j.broken_chain or j.wrong_currency or j.wrong_lot) and p.broken
)
select *
  from (select p.*, count(*) over (partition by checker) as total,
               row_number() over (partition by checker order by brand_key, what) as place
          from problems p) ranked
 where place <= $1
