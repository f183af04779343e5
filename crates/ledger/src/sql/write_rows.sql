-- What every batch writes, as one statement: each has its own answer on the wire, and on a short batch those answers
-- were most of the work. It is one transaction by itself if the batch writes nothing else.
--
-- Balances are moved first and in key order, because the answer asks for them, each only from the state that was
-- decided on; one that somebody else has moved meanwhile fails the statement, and with it the batch. Nothing depends on
-- the order of the others. The zero-sum trigger sees all entries at once.
--
-- Arrays are unnested in the select list, here and in the other writes of many rows: in `from`, the server would store
-- each array's rows before it reads the first.
with
answers as (
  insert into ledger.idempotency_keys (brand_key, name, scope, key, fingerprint, refused, outcome, expires_at)
  select unnest($3::bigint[]), unnest($4::uuid[]), unnest($5::text[]), unnest($6::text[]), unnest($7::bytea[]),
         unnest($8::boolean[]), unnest($9::text[]), unnest($10::timestamptz[])
),
moved as (
  update ledger.balances b
     set posted = u.posted, held = u.held, version = u.version,
         last_transaction = u.last_transaction, last_line = u.last_line, revision = u.revision,
         -- Each row's are a part of $24.
         figures = coalesce(($24::bigint[])[u.figures : u.figures + 3], b.figures)
    from (select unnest($11::bigint[]) as brand_key, unnest($12::uuid[]) as account_id,
                 unnest($13::bigint[]) as posted, unnest($14::bigint[]) as held, unnest($15::bigint[]) as version,
                 unnest($16::uuid[]) as last_transaction, unnest($17::smallint[]) as last_line,
                 unnest($18::bigint[]) as revision, unnest($19::integer[]) as figures,
                 unnest($20::bigint[]) as old_posted, unnest($21::bigint[]) as old_version,
                 unnest($22::uuid[]) as old_last, unnest($23::bigint[]) as old_revision) u
   where b.brand_key = u.brand_key and b.account_id = u.account_id
     and b.posted = u.old_posted and b.version = u.old_version
     and b.last_transaction is not distinct from u.old_last and b.revision = u.old_revision
  returning 1
),
transactions as (
  insert into ledger.transactions (brand_key, transaction_id, type, external_ref, memo, metadata, reverses, posted_at)
  select unnest($25::bigint[]), unnest($26::uuid[]), unnest($27::text[]), unnest($28::text[]), unnest($29::text[]),
         unnest($30::text[])::json, unnest($31::uuid[]), $1
),
entries as (
  insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line,
                              previous_transaction, previous_line, lot_id, currency, memo, posted_at)
  select unnest($32::bigint[]), unnest($33::uuid[]), unnest($34::bigint[]), unnest($35::bigint[]),
         unnest($36::bigint[]), unnest($37::uuid[]), unnest($38::smallint[]), unnest($39::uuid[]),
         unnest($40::smallint[]), unnest($41::uuid[]), unnest($42::text[]), unnest($43::text[]), $1
),
events as (
  insert into events.outbox (brand_key, event_id, kind, subjects, payload, created_at)
  select unnest($44::bigint[]), unnest($45::uuid[]), unnest($46::text[]), unnest($47::text[])::uuid[],
         unnest($48::text[]), $1
)
-- The moment, and that the brands are there and take writes, if the lane only remembers them; and that the batch ahead of
-- this one was committed.
select clock_timestamp(),
       ledger.refuse_stale(count(*), cardinality($2::bigint[])),
       ledger.follow($49, $50),
       (select ledger.refuse_stale(count(*), cardinality($11::bigint[])) from moved)
  from ledger.brands
 where brand_key = any ($2::bigint[]) and halted_reason is null
