-- The entries made since a moment ($2), each against the one that it names as the one before it: C4 that is of the
-- version before, and the account's entries are one chain: each is named by another, or by the account's balance;
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
), made as materialized (
  select e.brand_key, e.account_id, e.version, e.amount, e.balance_after, e.currency, e.lot_id,
         e.transaction_id, e.line, e.previous_transaction, e.previous_line, e.posted_at
    from recent r
   cross join lateral (
         select * from ledger.entries x where x.brand_key = r.brand_key and x.transaction_id = r.transaction_id offset 0
         ) e
), named as (
  -- What follows an entry was made after it, so whoever names a new one is new too, or a balance. There are as many
  -- names as entries: where the chain forks, some entry has none.
  select brand_key, previous_transaction as transaction_id, previous_line as line from made
   where previous_transaction is not null
   union
  select brand_key, last_transaction, last_line from ledger.balances where last_transaction is not null
), chained as (
  select e.brand_key, e.account_id, e.version, e.amount, e.balance_after, before.balance_after as balance_before,
         e.version - 1 <> coalesce(before.version, 0) as gap,
         -- A clock that was set back across the moment would leave the first of them without a follower.
         named.line is null and e.posted_at >= $2 + interval '30 seconds' as unnamed,
         a.currency is distinct from e.currency as wrong_currency,
         a.keeps_lots is distinct from (e.lot_id is not null) as wrong_lot, a.currency, e.currency as entry_currency
    from made e
    left join named on named.brand_key = e.brand_key and named.transaction_id = e.transaction_id and named.line = e.line
    left join lateral (
         select x.balance_after, x.version from ledger.entries x
          where x.brand_key = e.brand_key and x.account_id = e.account_id
            and x.transaction_id = e.previous_transaction and x.line = e.previous_line
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
           ('C4', j.unnamed, 'another entry or the balance that names it', 'none that names version ' || j.version,
            'the entries of the account are not one chain'),
           ('C7', j.broken_chain, 'balance_after = the one before + amount', 'not so at version ' || j.version,
            'the balances after the entries do not follow from their amounts'),
           ('C1', j.wrong_currency, coalesce(j.currency, 'an account'), j.entry_currency,
            'an entry is not in the currency of its account'),
           ('C2', j.wrong_lot, 'a lot or none, as the account keeps', 'not so at version ' || j.version,
            'entries name a lot where, and only where, the account keeps lots')
         ) as p (checker, broken, expected, found, message)
   where (j.gap or j.unnamed or j.broken_chain or j.wrong_currency or j.wrong_lot) and p.broken
)
