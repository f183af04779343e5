-- Why: the ledger itself: accounts, balances, transactions, entries, lots, holds, stored answers and the outbox.
-- Locks: nothing that anyone uses; every table is new.

create schema ledger;
create schema events;

-- Group roles. Services log in as a member of both and choose one per connection:
-- zerosum_app for the engine's lanes, zerosum_read for reads, which row-level security confines to one brand.
-- Roles belong to the whole server, so several databases of one server may race to make them.
do $$
begin
  create role zerosum_app nologin;
exception when duplicate_object or unique_violation then null;
end
$$;
do $$
begin
  create role zerosum_read nologin;
exception when duplicate_object or unique_violation then null;
end
$$;

-- A brand leads every key of every table. What leads is a number, not its name: half of an index entry would be the
-- name, and every comparison of two keys would have to unpack it. The number is reckoned from the name, so a process
-- that knows a brand's name knows its number: the first eight bytes of its SHA-256.
create function ledger.brand_key(brand_id text) returns bigint language sql immutable strict parallel safe as $$
  select ('x' || encode(substr(sha256(convert_to(brand_id, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
$$;

create table ledger.brands (
  brand_key bigint not null generated always as (ledger.brand_key(brand_id)) stored,
  brand_id text collate "C" not null,
  name text not null,
  currency text not null default 'USD',
  -- Set when an integrity check of the brand failed: its writes are answered 503 ledger_halted.
  halted_reason text,
  created_at timestamptz not null default now(),
  -- Of two names with one number the second is refused here.
  constraint brands_pkey primary key (brand_key),
  constraint brands_brand_id_key unique (brand_id),
  constraint brands_brand_id_check check (length(brand_id) between 1 and 64)
);

-- What an account is; never changes after it was opened.
create table ledger.accounts (
  brand_key bigint not null,
  account_id uuid not null,
  name text not null,
  type text not null,
  steward text not null,
  currency text not null,
  -- Entries of an account that keeps lots name the lot they move.
  keeps_lots boolean not null,
  -- Our own name for an account that a rule finds again (cash:funding, points:7:issue).
  code text collate "C",
  -- The caller's name for it.
  external_id text collate "C",
  party_type text,
  party_id text,
  metadata json,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint accounts_pkey primary key (brand_key, account_id),
  constraint accounts_brand_fkey foreign key (brand_key) references ledger.brands,
  constraint accounts_code_key unique (brand_key, code),
  constraint accounts_external_id_key unique (brand_key, external_id),
  constraint accounts_type_check check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
  constraint accounts_steward_check check (steward in ('general', 'cash', 'points'))
);

-- What an account holds. Narrow, with room on the page, so that its updates stay on the page (HOT).
create table ledger.balances (
  brand_key bigint not null,
  account_id uuid not null,
  posted bigint not null,
  held bigint not null,
  -- The number of entries of the account: entry versions are 1..version without a gap.
  version bigint not null,
  floor bigint,
  ceiling bigint,
  -- The account's newest entry, the one of this version: where its history begins (see ledger.entries).
  last_transaction uuid,
  last_line smallint,
  constraint balances_pkey primary key (brand_key, account_id),
  constraint balances_floor_check check (floor is null or posted - held >= floor),
  constraint balances_ceiling_check check (ceiling is null or posted <= ceiling),
  constraint balances_held_check check (held >= 0),
  constraint balances_version_check check (version >= 0),
  constraint balances_last_check check ((version = 0) = (last_transaction is null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table ledger.transactions (
  brand_key bigint not null,
  posted_at timestamptz not null,
  transaction_id uuid not null,
  reverses uuid,
  type text not null,
  external_ref text collate "C",
  memo text,
  metadata json,
  constraint transactions_pkey primary key (brand_key, transaction_id)
);
create unique index transactions_external_ref_key
  on ledger.transactions (brand_key, type, external_ref) where external_ref is not null;
create unique index transactions_reverses_key
  on ledger.transactions (brand_key, reverses) where reverses is not null;

-- An account's entries are a chain: its balance names the newest, each names the one before it. So an entry costs one
-- insertion at the end of one index, and not one more at a place of its account's own: that was a fifth of a posting.
-- Every 64th is a milestone, in a small index, from which the middle of a long history is reached.
--
-- Columns of fixed length first, the widest of them foremost: no padding, 16 bytes less a row.
create table ledger.entries (
  brand_key bigint not null,
  version bigint not null,
  amount bigint not null,
  balance_after bigint not null,
  posted_at timestamptz not null,
  account_id uuid not null,
  transaction_id uuid not null,
  previous_transaction uuid,
  lot_id uuid,
  line smallint not null,
  previous_line smallint,
  currency text not null,
  memo text,
  constraint entries_pkey primary key (brand_key, transaction_id, line),
  constraint entries_amount_check check (amount <> 0),
  constraint entries_previous_check check ((version = 1) = (previous_transaction is null))
);
create unique index entries_milestones_key on ledger.entries (brand_key, account_id, version) where version % 64 = 0;

create table ledger.lots (
  brand_key bigint not null,
  account_id uuid not null,
  lot_id uuid not null,
  expires_at timestamptz,
  remaining bigint not null,
  held bigint not null,
  -- The indexes below cover live lots only. A generated column, because an index that named `remaining`
  -- itself would take every spend off the page.
  live boolean not null generated always as (remaining > 0) stored,
  created_at timestamptz not null,
  constraint lots_pkey primary key (brand_key, lot_id),
  constraint lots_remaining_check check (remaining >= 0),
  constraint lots_held_check check (held >= 0 and held <= remaining)
) with (fillfactor = 70);
create index lots_account_idx on ledger.lots (brand_key, account_id, expires_at) where live;
create index lots_expiry_idx on ledger.lots (expires_at) where live and expires_at is not null;

create table ledger.holds (
  brand_key bigint not null,
  hold_id uuid not null,
  account_id uuid not null,
  amount bigint not null,
  -- The lots that the amount is held of, and how much of each; empty on an account that keeps none.
  lot_ids uuid[] not null,
  lot_amounts bigint[] not null,
  status text not null,
  captured bigint not null,
  expires_at timestamptz,
  created_at timestamptz not null,
  closed_at timestamptz,
  constraint holds_pkey primary key (brand_key, hold_id),
  constraint holds_amount_check check (amount > 0),
  constraint holds_captured_check check (captured >= 0 and captured <= amount),
  constraint holds_status_check check (status in ('open', 'captured', 'voided', 'expired')),
  constraint holds_closed_check check ((status = 'open') = (closed_at is null))
);
-- An account's open holds, those that run out first before the others.
create index holds_open_idx on ledger.holds (brand_key, account_id, expires_at) where status = 'open';
create index holds_expiry_idx on ledger.holds (expires_at) where status = 'open' and expires_at is not null;

-- The answer of a key, written by the commit that did what it answers.
--
-- `name` is a digest of scope and key: an index of the texts themselves was three times as large, and random keys touch
-- as many of its pages as there are keys.
create table ledger.idempotency_keys (
  brand_key bigint not null,
  name uuid not null,
  -- Null: for ever, as for a wallet's references.
  expires_at timestamptz,
  refused boolean not null,
  fingerprint bytea not null,
  scope text collate "C" not null,
  key text collate "C" not null,
  outcome text not null,
  constraint idempotency_keys_pkey primary key (brand_key, name)
);

-- The name of a key: the first 16 bytes of a SHA-256 over its scope, a zero byte (which neither can have) and the key.
create function ledger.key_name(scope text, key text) returns uuid language sql immutable strict parallel safe as $$
  select encode(substr(sha256(convert_to(scope, 'UTF8') || '\x00'::bytea || convert_to(key, 'UTF8')), 1, 16), 'hex')::uuid
$$;

-- Written with the effect it tells of. `subjects` are the transactions that the events of a row without a payload are
-- rendered from: posted rows never change, so what would be said of them need not be stored twice.
create table events.outbox (
  brand_key bigint not null,
  created_at timestamptz not null,
  event_id uuid not null,
  kind text not null,
  subjects uuid[] not null,
  payload text,
  constraint outbox_pkey primary key (brand_key, event_id)
);

-- Answers and events are written once and seldom read: compressing them quickly counts, and LZ4 is several times as
-- quick as the default. A server that was built without it keeps its default.
do $$
begin
  alter table ledger.idempotency_keys alter column outcome set compression lz4;
  alter table events.outbox alter column payload set compression lz4;
exception when feature_not_supported then null;
end
$$;

-- The database's own defences.

-- A transaction's entries arrive in one statement and sum to zero per currency, whoever wrote them.
create function ledger.refuse_unbalanced() returns trigger language plpgsql as $$
declare
  bad record;
begin
  select brand_key, transaction_id, currency, sum(amount) as total
    into bad
    from inserted
   group by brand_key, transaction_id, currency
  having sum(amount) <> 0
   limit 1;
  if found then
    raise exception 'transaction % of brand % does not sum to zero in %: %',
      bad.transaction_id, coalesce((select b.brand_id from ledger.brands b where b.brand_key = bad.brand_key), '?'),
      bad.currency, bad.total
      using errcode = 'check_violation', constraint = 'entries_zero_sum', schema = 'ledger', table = 'entries';
  end if;
  return null;
end
$$;
create trigger entries_zero_sum after insert on ledger.entries
  referencing new table as inserted
  for each statement execute function ledger.refuse_unbalanced();

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on %.% is refused: posted rows never change', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
create trigger transactions_append_only before update or delete or truncate on ledger.transactions
  for each statement execute function ledger.refuse_change();
create trigger entries_append_only before update or delete or truncate on ledger.entries
  for each statement execute function ledger.refuse_change();
create trigger accounts_append_only before update or delete or truncate on ledger.accounts
  for each statement execute function ledger.refuse_change();
create trigger balances_not_removable before delete or truncate on ledger.balances
  for each statement execute function ledger.refuse_change();
create trigger lots_not_removable before delete or truncate on ledger.lots
  for each statement execute function ledger.refuse_change();
create trigger holds_not_removable before delete or truncate on ledger.holds
  for each statement execute function ledger.refuse_change();
create trigger idempotency_keys_unchangeable before update or truncate on ledger.idempotency_keys
  for each statement execute function ledger.refuse_change();

-- The accounts that a batch's commands name: by id, by code, by external id, by transaction, by hold.
-- One function, because the statement that locks them and those that then read what hangs on them must agree.
--
-- Here and in every statement, what is looked up by what was found before is a lateral subquery with `offset 0`: it is
-- planned alone, so its own best index is taken. In a join, any other index that begins with the brand counts as
-- equally good while a table has no statistics, and wins if its order might be of use; two of those and the time of a
-- look-up grows with the square of the rows.
create function ledger.named_accounts(
  id_brands bigint[], ids uuid[],
  code_brands bigint[], codes text[],
  external_brands bigint[], externals text[],
  transaction_brands bigint[], transactions uuid[],
  hold_brands bigint[], holds uuid[]
) returns table (brand_key bigint, account_id uuid) language sql stable as $$
  select n.brand_key, n.account_id
    from unnest(id_brands, ids) as n (brand_key, account_id)
  union
  select a.brand_key, a.account_id
    from unnest(code_brands, codes) as n (brand_key, code)
   cross join lateral (
     select * from ledger.accounts a where a.brand_key = n.brand_key and a.code = n.code offset 0
   ) a
  union
  select a.brand_key, a.account_id
    from unnest(external_brands, externals) as n (brand_key, external_id)
   cross join lateral (
     select * from ledger.accounts a where a.brand_key = n.brand_key and a.external_id = n.external_id offset 0
   ) a
  union
  select e.brand_key, e.account_id
    from unnest(transaction_brands, transactions) as n (brand_key, transaction_id)
   cross join lateral (
     select * from ledger.entries e where e.brand_key = n.brand_key and e.transaction_id = n.transaction_id offset 0
   ) e
  union
  select h.brand_key, h.account_id
    from unnest(hold_brands, holds) as n (brand_key, hold_id)
   cross join lateral (
     select * from ledger.holds h where h.brand_key = n.brand_key and h.hold_id = n.hold_id offset 0
   ) h
$$;

-- Where to begin to walk back through an account's entries in order to meet those below a version: at most 64 above it.
-- Its columns are those of a subquery, here and below: under row-level security the server takes a COALESCE for something
-- that might leak a row, and would not look up an entry by it.
create function ledger.history_below(brand bigint, account uuid, below bigint)
returns table (transaction_id uuid, line smallint) language sql stable as $$
  select coalesce(milestone.transaction_id, balance.last_transaction), coalesce(milestone.line, balance.last_line)
    from ledger.balances balance
    left join lateral (
         select entry.transaction_id, entry.line
           from ledger.entries entry
          where entry.brand_key = balance.brand_key and entry.account_id = balance.account_id
            and entry.version % 64 = 0 and entry.version >= below - 1 and below <= balance.version
          order by entry.version
          limit 1
         ) milestone on true
   where balance.brand_key = brand and balance.account_id = account and balance.last_transaction is not null
  offset 0
$$;

-- An account's entries below a version, newest first: a walk from one to the one before it.
create function ledger.history(brand bigint, account uuid, below bigint default 9223372036854775807, most bigint default 100)
returns setof ledger.entries language sql stable as $$
  with recursive walk as (
    select entry.*, case when entry.version < below then 1 else 0 end::bigint as found
      from ledger.history_below(brand, account, below) begin
     cross join lateral (
           select * from ledger.entries entry
            where entry.brand_key = brand and entry.transaction_id = begin.transaction_id and entry.line = begin.line
           offset 0
           ) entry
    union all
    select entry.*, walk.found + case when entry.version < below then 1 else 0 end
      from walk
     cross join lateral (
           select * from ledger.entries entry
            where entry.brand_key = brand
              and entry.transaction_id = walk.previous_transaction and entry.line = walk.previous_line
           offset 0
           ) entry
     where walk.found < most
  )
  select brand_key, version, amount, balance_after, posted_at, account_id, transaction_id, previous_transaction, lot_id,
         line, previous_line, currency, memo
    from walk
   where version < below
   order by version desc
$$;

-- The posted balance of an account at the end of a moment; null if there is no such account.
-- An account's entries never go back in time from one to the next. So its last milestone up to the moment is found by
-- halving, and the last entry up to it by walking back from the milestone after that one, or from the newest entry.
create function ledger.balance_at(brand bigint, account uuid, moment timestamptz)
returns bigint language sql stable as $$
  with recursive balance as (
    select version, last_transaction, last_line
      from ledger.balances
     where brand_key = brand and account_id = account
  ), halving (low, high) as (
    select 0::bigint, version / 64 from balance
    union all
    select case when middle.posted_at <= moment then middle.place else low end,
           case when middle.posted_at <= moment then high else middle.place - 1 end
      from halving
     cross join lateral (
           select entry.version / 64 as place, entry.posted_at
             from ledger.entries entry
            where entry.brand_key = brand and entry.account_id = account
              and entry.version % 64 = 0 and entry.version = (low + high + 1) / 2 * 64
           offset 0
           ) middle
     where low < high
  ), walk as (
    select entry.posted_at, entry.balance_after, entry.previous_transaction, entry.previous_line
      from halving
     cross join balance
      left join lateral (
           select entry.transaction_id, entry.line
             from ledger.entries entry
            where entry.brand_key = brand and entry.account_id = account
              and entry.version % 64 = 0 and entry.version = (low + 1) * 64
           offset 0
           ) next on true
     cross join lateral (
           select coalesce(next.transaction_id, balance.last_transaction) as transaction_id,
                  coalesce(next.line, balance.last_line) as line
           offset 0
           ) begin
     cross join lateral (
           select *
             from ledger.entries entry
            where entry.brand_key = brand and entry.transaction_id = begin.transaction_id and entry.line = begin.line
           offset 0
           ) entry
     where low = high
    union all
    select entry.posted_at, entry.balance_after, entry.previous_transaction, entry.previous_line
      from walk
     cross join lateral (
           select *
             from ledger.entries entry
            where entry.brand_key = brand
              and entry.transaction_id = walk.previous_transaction and entry.line = walk.previous_line
           offset 0
           ) entry
     where walk.posted_at > moment
  )
  select coalesce((select walk.balance_after from walk where walk.posted_at <= moment), 0)::bigint from balance
$$;

-- Ends a batch that was decided on balances that somebody else has moved meanwhile.
create function ledger.refuse_stale(moved bigint, expected integer) returns void language plpgsql as $$
begin
  if moved <> expected then
    raise exception 'of % balances, % are as they were read', expected, moved using errcode = 'ZS001';
  end if;
end
$$;

-- Forgets expired keys of a range of heap pages: no index on the expiry to keep up, never a long delete.
-- The definer's rights, because the application role may not delete a key; this can delete only expired ones.
create function ledger.forget_expired_keys(first_page bigint, pages integer) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with forgotten as (
    delete from ledger.idempotency_keys
     where ctid >= format('(%s,0)', first_page)::tid
       and ctid < format('(%s,0)', first_page + pages)::tid
       and expires_at < clock_timestamp()
    returning 1
  )
  select count(*) from forgotten
$$;
revoke all on function ledger.forget_expired_keys(bigint, integer) from public;

-- Rights: what the engine's lanes need, and nothing else.
grant usage on schema ledger, events to zerosum_app, zerosum_read;
grant select on all tables in schema ledger, events to zerosum_app;
grant select on ledger.brands, ledger.accounts, ledger.balances, ledger.transactions, ledger.entries, ledger.lots,
  ledger.holds, ledger.idempotency_keys to zerosum_read;
grant insert on ledger.accounts, ledger.balances, ledger.transactions, ledger.entries, ledger.lots, ledger.holds,
  ledger.idempotency_keys, events.outbox to zerosum_app;
grant update (posted, held, version, last_transaction, last_line) on ledger.balances to zerosum_app;
grant update (remaining, held, expires_at) on ledger.lots to zerosum_app;
grant update (status, captured, closed_at) on ledger.holds to zerosum_app;
grant execute on function ledger.forget_expired_keys(bigint, integer) to zerosum_app;

-- Reads see one brand: the one that the connection says it reads for. No brand said, nothing seen.
alter table ledger.brands enable row level security;
alter table ledger.accounts enable row level security;
alter table ledger.balances enable row level security;
alter table ledger.transactions enable row level security;
alter table ledger.entries enable row level security;
alter table ledger.lots enable row level security;
alter table ledger.holds enable row level security;
alter table ledger.idempotency_keys enable row level security;
create policy brands_lanes on ledger.brands to zerosum_app using (true);
create policy accounts_lanes on ledger.accounts to zerosum_app using (true);
create policy balances_lanes on ledger.balances to zerosum_app using (true);
create policy transactions_lanes on ledger.transactions to zerosum_app using (true);
create policy entries_lanes on ledger.entries to zerosum_app using (true);
create policy lots_lanes on ledger.lots to zerosum_app using (true);
create policy holds_lanes on ledger.holds to zerosum_app using (true);
create policy idempotency_keys_lanes on ledger.idempotency_keys to zerosum_app using (true);
create policy brands_reads on ledger.brands for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy accounts_reads on ledger.accounts for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy balances_reads on ledger.balances for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy transactions_reads on ledger.transactions for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy entries_reads on ledger.entries for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy lots_reads on ledger.lots for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy holds_reads on ledger.holds for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
create policy idempotency_keys_reads on ledger.idempotency_keys for select to zerosum_read
  using (brand_key = nullif(current_setting('zerosum.brand', true), '')::bigint);
