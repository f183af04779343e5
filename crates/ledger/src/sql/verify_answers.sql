-- C3: what was answered is in the books. Every key of accounting and cash that answers with a transaction or an account
-- names one that exists, and says of it what was posted: type, moment, entries, amount. Grants: verify_grants.sql.
-- Answers are read one after the other, and what each names is looked up by its key. To join them as a whole they would
-- have to be written down first: half a kilobyte of temporary file for every answer that was ever given.
with said as (
  select brand_key, scope, key, outcome::jsonb as outcome
    from ledger.answers
   where not refused and (scope like 'accounting:%' or scope like 'cash:%')
  -- Parsed once, and not for each part of it that is looked at.
  offset 0
), told as (
  select s.brand_key, s.scope, s.key, n.kind, n.answer, n.id
    from said s
   cross join lateral (
     select 'posted' as kind, s.outcome -> 'posted' as answer, (s.outcome -> 'posted' ->> 'id')::uuid as id
      where s.outcome ? 'posted'
     union all
     select 'posted', item -> 'Ok', (item -> 'Ok' ->> 'id')::uuid
       from jsonb_array_elements(s.outcome -> 'batch' -> 'items') as item
      where item ? 'Ok'
     union all
     select 'opened', s.outcome -> 'opened', (s.outcome -> 'opened' ->> 'id')::uuid where s.outcome ? 'opened'
     union all
     select 'spent', s.outcome -> 'spent', (s.outcome -> 'spent' ->> 'transaction')::uuid where s.outcome ? 'spent'
   ) n
), judged as (
  select t.brand_key, t.scope, t.key, j.told, j.missing, j.differs
    from told t
   cross join lateral (
     select 'transaction ' || t.id as told, x.transaction_id is null as missing,
            x.transaction_id is not null
            and (x.type <> t.answer ->> 'type' or x.posted_at <> (t.answer ->> 'at')::timestamptz
                 or b.entries is distinct from s.entries) as differs
       from (
         -- Which entries, as one number: equal sets have equal sums.
         select sum(hashtextextended((e.said ->> 'a') || ':' || (e.said ->> 'n') || ':' || (e.place - 1), 0)) as entries
           from jsonb_array_elements(t.answer -> 'entries') with ordinality as e (said, place)
       ) s
      cross join (
         select sum(hashtextextended(account_id || ':' || amount || ':' || line, 0)) as entries
           from ledger.entries
          where transaction_id = t.id and brand_key = t.brand_key
       ) b
       left join ledger.transactions x on x.brand_key = t.brand_key and x.transaction_id = t.id
      where t.kind = 'posted'
     union all
     select 'account ' || t.id, a.account_id is null, a.name <> t.answer ->> 'name'
       from (values (true)) as one (row)
       left join ledger.accounts a on a.brand_key = t.brand_key and a.account_id = t.id
      where t.kind = 'opened'
     union all
     select 'transaction ' || t.id, e.amount is null, e.amount <> -(t.answer ->> 'amount')::numeric
       from (
         select sum(amount) as amount
           from ledger.entries
          where transaction_id = t.id and brand_key = t.brand_key and account_id = (t.answer ->> 'account')::uuid
       ) e
      where t.kind = 'spent'
   ) j
)
