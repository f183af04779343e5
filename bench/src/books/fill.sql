-- Rounds $1 to $2.
with posted as materialized (
  select p.*, r as round, t.posted_at,
         pg_temp.posting_id(r, p.pair) as id,
         -- What the pair posted in the round before; the first round follows what the books began with.
         case when r > 1 then pg_temp.posting_id(r - 1, p.pair) end as before
    from generate_series($1::bigint, $2::bigint) r
   cross join lateral (select timestamptz '2025-01-01 00:00:00+00' + r * interval '10 seconds' as posted_at) t
   cross join pairs p
), transactions as (
  insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
  select brand_key, id, 'transfer', posted_at from posted
), entries as (
  insert into ledger.entries
    (brand_key, account_id, version, amount, balance_after, transaction_id, line, previous_transaction, previous_line,
     posted_at, currency)
  select brand_key, payer, payer_version + round, -1, payer_posted - round, id, 0,
         coalesce(before, payer_last), case when before is null then payer_line else 0 end, posted_at, 'USD'
    from posted
  union all
  select brand_key, payee, payee_version + round, 1, payee_posted + round, id, 1,
         coalesce(before, payee_last), case when before is null then payee_line else 1 end, posted_at, 'USD'
    from posted
), answers as (
  insert into ledger.idempotency_keys
    (brand_key, name, scope, key, fingerprint, refused, outcome, expires_at)
  select brand_key, ledger.key_name(scope, key), scope, key,
         decode(repeat('ab', 16), 'hex'), false,
         json_build_object('posted', json_build_object(
           'id', id, 'type', 'transfer', 'at', posted_at,
           'entries', json_build_array(
             json_build_object('a', payer, 'n', -1), json_build_object('a', payee, 'n', 1))))::text,
         now() + interval '30 days'
    from posted
   cross join lateral (
     select 'accounting:till-' || pair % 64 as scope, replace(gen_random_uuid()::text, '-', '') as key
      where posted.id is not null
     offset 0
   ) named
)
insert into events.outbox (brand_key, event_id, kind, subjects, created_at)
select brand_key, (array_agg(id order by id))[1], 'ledger.transactions', array_agg(id order by id), min(posted_at)
  from (select *, row_number() over (partition by brand_key order by id) / 100 as batch from posted) batched
 group by brand_key, batch
