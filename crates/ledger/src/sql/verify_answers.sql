-- C3: what was answered is in the books. Every key of accounting and cash that answers with a transaction, an account
-- or a grant names one that exists, and says of it what was posted: type, moment, entries, amount.
with said as materialized (
  select brand_key, scope, key, outcome::jsonb as outcome
    from ledger.idempotency_keys
   where not refused and (scope like 'accounting:%' or scope like 'cash:%')
), posted as (
  select brand_key, scope, key, outcome -> 'posted' as answer
    from said
   where outcome ? 'posted'
  union all
  select s.brand_key, s.scope, s.key, item -> 'Ok'
    from said s
   cross join lateral jsonb_array_elements(s.outcome -> 'batch' -> 'items') as item
   where item ? 'Ok'
), told as (
  select brand_key, scope, key, (answer ->> 'id')::uuid as transaction_id, answer ->> 'type' as type,
         (answer ->> 'at')::timestamptz as posted_at,
         -- Which entries, as one number: equal sets have equal sums, and it is joined instead of the entries themselves.
         (select sum(hashtextextended((e.said ->> 'a') || ':' || (e.said ->> 'n') || ':' || (e.place - 1), 0))
            from jsonb_array_elements(answer -> 'entries') with ordinality as e (said, place)) as entries
    from posted
), booked as (
  select brand_key, transaction_id,
         sum(hashtextextended(account_id || ':' || amount || ':' || line, 0)) as entries
    from ledger.entries
   group by brand_key, transaction_id
), transactions as (
  select t.brand_key, t.scope, t.key, 'transaction ' || t.transaction_id as told,
         x.transaction_id is null as missing,
         x.type <> t.type or x.posted_at <> t.posted_at as differs,
         b.entries is distinct from t.entries as entries_differ
    from told t
    left join ledger.transactions x on x.brand_key = t.brand_key and x.transaction_id = t.transaction_id
    left join booked b on b.brand_key = t.brand_key and b.transaction_id = t.transaction_id
), opened as (
  select s.brand_key, s.scope, s.key, 'account ' || (s.outcome -> 'opened' ->> 'id') as told,
         a.account_id is null as missing,
         a.name <> s.outcome -> 'opened' ->> 'name' as differs
    from said s
    left join ledger.accounts a
      on a.brand_key = s.brand_key and a.account_id = (s.outcome -> 'opened' ->> 'id')::uuid
   where s.outcome ? 'opened'
), grants as (
  select brand_key, scope, key, (outcome -> 'granted' ->> 'grant')::uuid as lot_id,
         (outcome -> 'granted' ->> 'account')::uuid as account_id, (outcome -> 'granted' ->> 'amount')::bigint as amount
    from said
   where outcome ? 'granted'
), firsts as (
  -- A lot's first entry is the grant. All at once, not grant by grant: an account may hold any number of lots.
  select distinct on (e.brand_key, e.lot_id) e.brand_key, e.lot_id, e.account_id, e.amount
    from (select distinct brand_key, lot_id from grants) g
    join ledger.lots l on l.brand_key = g.brand_key and l.lot_id = g.lot_id
    join ledger.entries e on e.brand_key = l.brand_key and e.account_id = l.account_id and e.lot_id = l.lot_id
   order by e.brand_key, e.lot_id, e.version
), granted as (
  select g.brand_key, g.scope, g.key, 'lot ' || g.lot_id as told, f.lot_id is null as missing,
         f.account_id <> g.account_id or f.amount <> g.amount as differs
    from grants g
    left join firsts f on f.brand_key = g.brand_key and f.lot_id = g.lot_id
), spends as (
  select brand_key, scope, key, (outcome -> 'spent' ->> 'transaction')::uuid as transaction_id,
         (outcome -> 'spent' ->> 'account')::uuid as account_id, (outcome -> 'spent' ->> 'amount')::numeric as amount
    from said
   where outcome ? 'spent'
), taken as (
  select e.brand_key, e.transaction_id, e.account_id, sum(e.amount) as amount
    from (select distinct brand_key, transaction_id from spends) s
    join ledger.entries e on e.brand_key = s.brand_key and e.transaction_id = s.transaction_id
   group by e.brand_key, e.transaction_id, e.account_id
), spent as (
  select s.brand_key, s.scope, s.key, 'transaction ' || s.transaction_id as told, t.amount is null as missing,
         t.amount <> -s.amount as differs
    from spends s
    left join taken t
      on t.brand_key = s.brand_key and t.transaction_id = s.transaction_id and t.account_id = s.account_id
), judged as (
  select brand_key, scope, key, told, missing, differs or (not missing and entries_differ) as differs from transactions
  union all
  select * from opened
  union all
  select * from granted
  union all
  select * from spent
), problems as (
  select 'C3' as checker, j.brand_key, 'key ' || j.key || ' of ' || j.scope as what, p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           (j.missing, j.told, 'none', 'the answer names something that the books do not have'),
           (j.differs, j.told || ' as it was posted', 'another', 'the answer differs from what was posted')
         ) as p (broken, expected, found, message)
   where (j.missing or j.differs) and p.broken
  union all
  select 'C3', brand_key, 'key ' || key || ' of ' || scope, ledger.key_name(scope, key)::text, name::text,
         'the answer is filed under a name that is not its key''s'
    from ledger.idempotency_keys
   where name <> ledger.key_name(scope, key)
)
select *
  from (select p.*, count(*) over (partition by checker) as total,
               row_number() over (partition by checker order by brand_key, what) as place
          from problems p) ranked
 where place <= $1
