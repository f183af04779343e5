-- C3 for grants of cash: every key that answers with one names a lot that exists, of that account and begun with that
-- amount.
-- All at once, and not looked up as in verify_answers.sql: nothing leads from a lot to its entries, and an account may
-- hold any number of lots.
with grants as (
  select brand_key, scope, key, (outcome -> 'granted' ->> 'grant')::uuid as lot_id,
         (outcome -> 'granted' ->> 'account')::uuid as account_id, (outcome -> 'granted' ->> 'amount')::bigint as amount
    from (
      select brand_key, scope, key, outcome::jsonb as outcome
        from ledger.answers
       where not refused and scope like 'cash:%'
      -- Parsed once, and not for each part of it that is looked at.
      offset 0
    ) said
   where outcome ? 'granted'
), firsts as (
  -- A lot's first entry is the grant.
  select distinct on (e.brand_key, e.lot_id) e.brand_key, e.lot_id, e.account_id, e.amount
    from (select distinct brand_key, lot_id from grants) g
    join ledger.lots l on l.brand_key = g.brand_key and l.lot_id = g.lot_id
    join ledger.entries e on e.brand_key = l.brand_key and e.account_id = l.account_id and e.lot_id = l.lot_id
   order by e.brand_key, e.lot_id, e.version
), judged as (
  select g.brand_key, g.scope, g.key, 'lot ' || g.lot_id as told, f.lot_id is null as missing,
         f.account_id <> g.account_id or f.amount <> g.amount as differs
    from grants g
    left join firsts f on f.brand_key = g.brand_key and f.lot_id = g.lot_id
)
