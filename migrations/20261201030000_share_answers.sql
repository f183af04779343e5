-- Why: the answers that a batch keeps for ever are most of what wallet calls leave on disk, and much alike: together they take a third
-- Locks: nothing that anyone uses; the table is new
--
-- A key that expires has its outcome in its own row, which goes with it. Those that are kept for ever, as those of a
-- wallet's references, share rows: the outcomes of some that one batch has given are an array, compressed as one, and the
-- row of each key has that row and its place there, counted from 1, as a JSON array. No outcome is an array by itself.
-- Whoever asks for an answer asks `ledger.answers`.
create table ledger.shared_outcomes (
  brand_key bigint not null,
  shared_id uuid not null,
  outcomes text[] not null,
  constraint shared_outcomes_pkey primary key (shared_id, brand_key)
) with (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_vacuum_cost_delay = 2, autovacuum_vacuum_cost_limit = 20, autovacuum_analyze_scale_factor = 1);
alter table ledger.shared_outcomes
  alter column brand_key set statistics 10, alter column shared_id set statistics 10,
  alter column outcomes set statistics 10, alter column outcomes set storage main;
do $$
begin
  alter table ledger.shared_outcomes alter column outcomes set compression lz4;
exception when feature_not_supported then null;
end
$$;
create trigger shared_outcomes_append_only before update or delete or truncate on ledger.shared_outcomes
  for each statement execute function ledger.refuse_change();

create view ledger.answers with (security_invoker = true) as
select k.brand_key, k.name, k.scope, k.key, k.fingerprint, k.expires_at, k.refused,
       case when left(k.outcome, 1) = '['
            then (select s.outcomes[(k.outcome::json ->> 1)::integer]
                    from ledger.shared_outcomes s
                   where s.shared_id = (k.outcome::json ->> 0)::uuid and s.brand_key = k.brand_key)
            else k.outcome
       end as outcome
  from ledger.idempotency_keys k;

grant select, insert on ledger.shared_outcomes to zerosum_app;
grant select on ledger.shared_outcomes to zerosum_read;
grant select on ledger.answers to zerosum_app, zerosum_read;
alter table ledger.shared_outcomes enable row level security;
create policy shared_outcomes_lanes on ledger.shared_outcomes to zerosum_app using (true);
create policy shared_outcomes_reads on ledger.shared_outcomes for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
