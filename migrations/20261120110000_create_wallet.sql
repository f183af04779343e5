-- Why: what wallet-spend keeps beside the ledger: clients, schemes, wallets and what happened to them.
-- Locks: nothing that anyone uses; every table is new.

create schema wallet;

-- Ids are decimal strings to the outside. A process takes a block of 1,000 with one nextval, so that
-- an id costs no round trip; what a process leaves of its block is never used.
create sequence wallet.scheme_ids start 1743001 increment 1000;
create sequence wallet.wallet_ids start 217190001 increment 1000;
create sequence wallet.identity_ids start 188245001 increment 1000;
create sequence wallet.account_ids start 4131304001 increment 1000;
create sequence wallet.wallet_transaction_ids start 445816001 increment 1000;
create sequence wallet.account_transaction_ids start 8023748001 increment 1000;

-- What a brand decides for itself. A brand without a row has the defaults.
create table wallet.brand_settings (
  brand_key bigint not null,
  -- The unit that the brand is to its clients, and whose tiers apply where a banner has none of its own.
  unit_id text collate "C" not null,
  unit_name text not null,
  environment_type text not null default 'production',
  subsystem_id text not null default 'wallet-spend',
  mobile_wallet_url text not null default 'https://wallet.example',
  -- How long a lock lasts where the scheme does not say.
  lock_seconds integer not null default 86400,
  -- How long points live that a refund gives back to a lot that has expired meanwhile.
  refund_grace_days integer not null default 30,
  -- What was decided on settings is confirmed by it. 0 is a brand without a row.
  version bigint not null default 1,
  constraint brand_settings_pkey primary key (brand_key),
  constraint brand_settings_brand_fkey foreign key (brand_key) references ledger.brands,
  constraint brand_settings_lock_seconds_check check (lock_seconds between 1 and 31536000),
  constraint brand_settings_refund_grace_days_check check (refund_grace_days between 1 and 3650)
);

create function wallet.next_version() returns trigger language plpgsql as $$
begin
  new.version = old.version + 1;
  return new;
end
$$;
create trigger brand_settings_version before update on wallet.brand_settings
  for each row execute function wallet.next_version();

-- Who may call. The secret is kept as it is, because the published signature is a plain hash over it.
create table wallet.clients (
  brand_key bigint not null,
  client_id text collate "C" not null,
  name text not null,
  secret text not null,
  -- The published signature: SHA-256 of target, body and secret.
  accepts_hash boolean not null default true,
  -- X-Signature-256: HMAC with timestamp and nonce.
  accepts_hmac boolean not null default false,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint clients_pkey primary key (brand_key, client_id),
  -- A request names its client and nothing else, so one id is one client whatever the brand.
  constraint clients_client_id_key unique (client_id),
  constraint clients_brand_fkey foreign key (brand_key) references ledger.brands,
  constraint clients_secret_check check (length(secret) >= 8)
);

-- Nonces of X-Signature-256, kept while their timestamp would still be taken.
create table wallet.nonces (
  brand_key bigint not null,
  client_id text collate "C" not null,
  nonce text collate "C" not null,
  expires_at timestamptz not null,
  constraint nonces_pkey primary key (brand_key, client_id, nonce)
);
create index nonces_expiry_idx on wallet.nonces (expires_at);

create table wallet.schemes (
  brand_key bigint not null,
  scheme_id bigint not null,
  reference text collate "C" not null,
  version integer not null,
  type text not null,
  class text not null,
  status text not null,
  client_type text,
  name text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  lock_seconds integer,
  -- When points expire, from when they were given: `days 30`, `months 12`, or with the end of a day of the year once
  -- they are so many days old, `yearly 12-31 after 90`; null: never. Fixed for the scheme's life, because whether an
  -- account keeps lots is fixed when the account is opened.
  points_expiry text,
  -- What was sent and is only shown again: details, rates.earn, services, rules.
  shown json not null,
  issue_account uuid not null,
  redemption_account uuid not null,
  expired_account uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint schemes_pkey primary key (brand_key, scheme_id),
  constraint schemes_reference_key unique (brand_key, reference),
  constraint schemes_brand_fkey foreign key (brand_key) references ledger.brands,
  constraint schemes_lock_seconds_check check (lock_seconds between 1 and 31536000),
  constraint schemes_points_expiry_check
    check (points_expiry ~ '^(days [0-9]{1,5}|months [0-9]{1,4}|yearly [0-9]{2}-[0-9]{2} after [0-9]{1,4})$')
);

create table wallet.scheme_tiers (
  brand_key bigint not null,
  scheme_id bigint not null,
  unit_identifier text collate "C" not null,
  floor bigint not null,
  ceiling bigint not null,
  step bigint not null,
  -- Minor units of money per point, in billionths: exact.
  rate_billionths bigint not null,
  bonus bigint not null,
  points_back bigint not null,
  constraint scheme_tiers_pkey primary key (brand_key, scheme_id, unit_identifier, floor),
  constraint scheme_tiers_scheme_fkey foreign key (brand_key, scheme_id) references wallet.schemes,
  constraint scheme_tiers_terms_check check (
    floor >= 0 and ceiling >= 1 and ceiling >= floor and step >= 1
    and rate_billionths between 1 and 999999999999999 and bonus >= 0 and points_back >= 0)
);

-- Who may earn and spend. A null state or status stands for any; the most particular rule decides,
-- and the built-in denials (not ACTIVE, EARNONLY) stand above all of them.
create table wallet.permission_rules (
  brand_key bigint not null,
  subject text not null,
  status text,
  state text,
  may_earn boolean not null,
  may_spend boolean not null,
  constraint permission_rules_key unique nulls not distinct (brand_key, subject, status, state),
  constraint permission_rules_brand_fkey foreign key (brand_key) references ledger.brands,
  constraint permission_rules_subject_check check (subject in ('wallet', 'identity', 'account'))
);

-- The row of a wallet is what its commands lock first, and then its accounts: with both locked, nothing of the wallet
-- changes under a command. Commands that go by what their lane remembers lock neither, and move the accounts on instead.
create table wallet.wallets (
  brand_key bigint not null,
  wallet_id bigint not null,
  type text not null,
  status text not null,
  state text not null,
  friendly_name text,
  meta json,
  consumer json,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint wallets_pkey primary key (brand_key, wallet_id)
);

create table wallet.identities (
  brand_key bigint not null,
  identity_id bigint not null,
  wallet_id bigint not null,
  type text not null,
  value text collate "C" not null,
  friendly_name text,
  safe_value text,
  status text not null,
  state text not null,
  meta json,
  starts_at timestamptz,
  ends_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint identities_pkey primary key (brand_key, identity_id),
  constraint identities_value_key unique (brand_key, value),
  constraint identities_wallet_fkey foreign key (brand_key, wallet_id) references wallet.wallets
);
create index identities_wallet_idx on wallet.identities (brand_key, wallet_id);

create table wallet.accounts (
  brand_key bigint not null,
  account_id bigint not null,
  wallet_id bigint not null,
  scheme_id bigint not null,
  -- Where the points are: current is its posted balance, locked what is held of it.
  ledger_account uuid not null,
  client_type text,
  status text not null,
  state text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  meta json,
  -- Points ever given; points ever spent; money they gave.
  lifetime bigint not null,
  lifetime_spend bigint not null,
  lifetime_spend_value bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Moved on by every batch that has read the wallet and writes anything, whatever of the wallet that is. Lanes remember
  -- wallets, and what is decided on memory is confirmed by it.
  version bigint not null,
  constraint accounts_pkey primary key (brand_key, account_id),
  constraint accounts_scheme_key unique (brand_key, wallet_id, scheme_id),
  constraint accounts_ledger_account_key unique (brand_key, ledger_account),
  constraint accounts_wallet_fkey foreign key (brand_key, wallet_id) references wallet.wallets,
  constraint accounts_lifetime_check check (lifetime >= 0 and lifetime_spend >= 0 and lifetime_spend_value >= 0)
) with (fillfactor = 70);

-- No foreign keys here and below: these rows are written with their wallet locked and read.
--
-- What never changes stands first, and no index has a column that a settle changes: with room for what is settled of
-- what a page holds, a settled spend stays on its page, its indexes are left alone, and the log tells only the end of
-- the row. JSON is text here, because the service has just written it: to parse it again would cost as much as two
-- index entries.
create table wallet.wallet_transactions (
  brand_key bigint not null,
  wallet_transaction_id bigint not null,
  wallet_id bigint not null,
  type text not null,
  -- Of a spend that was made in an open purchase: the purchase. What settles a spend gives it a parent only then.
  begun_in bigint,
  -- Of a spend: what it takes and from where.
  account_id bigint,
  money bigint not null,
  points_back bigint not null,
  hold_id uuid,
  lock_expires_at timestamptz,
  -- The LOCK.
  lock_transaction bigint,
  -- Of a refund: what it refunds.
  original_id bigint,
  created_at timestamptz not null,
  -- transactionDetails of the request, shown in account transactions made from it.
  details text,
  -- The spend as it was adjudicated: as sent, or its figures alone where they say all of it.
  adjudication text,
  -- An open whose reference another one takes is renamed.
  reference text collate "C" not null,
  -- 0: none.
  parent_id bigint not null,
  identity_id bigint,
  status text not null,
  meta text,
  -- The account and account transaction ids that `accounts` shows, pairwise; 0 is an account without one.
  shown_accounts bigint[] not null,
  shown_account_transactions bigint[] not null,
  -- What was sent and is only shown again: basket contents, payment, summary figures.
  basket text,
  -- points of basket.summary.results, in the order that they are shown in; null: no summary.
  results bigint[],
  store_id text,
  store_parent_id text,
  points bigint not null,
  -- What of it was settled, and given back since.
  settled_points bigint not null,
  settled_money bigint not null,
  refunded_points bigint not null,
  refunded_money bigint not null,
  -- The SPEND or VOID that ended the LOCK.
  closing_transaction bigint,
  -- The ledger transaction that took the points: a refund gives back to the lots it took from.
  spend_posting uuid,
  updated_at timestamptz not null,
  -- A wallet's transactions are listed, and read one by one, by their wallet.
  constraint wallet_transactions_pkey primary key (brand_key, wallet_id, wallet_transaction_id),
  -- For ever, whatever the type: a reference names one transaction.
  constraint wallet_transactions_reference_key unique (brand_key, reference),
  -- 0 <= refunded <= settled <= points, and money likewise. Every statement that writes rows reads its checks first, so
  -- this one says it in few words.
  constraint wallet_transactions_points_check check (
    least(money, points_back, refunded_points, refunded_money, points - settled_points,
          settled_points - refunded_points, settled_money - refunded_money) >= 0),
  constraint wallet_transactions_status_check
    check (status in ('ACTIVE', 'SETTLED', 'VOIDED', 'EXPIRED', 'DELETED', 'CANCELLED')),
  constraint wallet_transactions_accounts_check
    check (cardinality(shown_accounts) = cardinality(shown_account_transactions))
) with (fillfactor = 60);
-- The lock of a hold. Which holds are open, and which of them have run out, the ledger's indexes know.
create unique index wallet_transactions_hold_key on wallet.wallet_transactions (brand_key, hold_id)
  where hold_id is not null;
create index wallet_transactions_begun_idx on wallet.wallet_transactions (brand_key, begun_in)
  where begun_in is not null;

create table wallet.account_transactions (
  brand_key bigint not null,
  account_transaction_id bigint not null,
  -- The LOCK that a SPEND or VOID ends; 0: none.
  parent_id bigint not null,
  wallet_id bigint not null,
  account_id bigint not null,
  -- 0: none.
  wallet_transaction_id bigint not null,
  event text not null,
  value bigint not null,
  current_before bigint not null,
  current_after bigint not null,
  lifetime_before bigint not null,
  lifetime_after bigint not null,
  details text,
  -- The posting that moved the points; null: a lock and its end move none.
  posting uuid,
  created_at timestamptz not null,
  -- They are listed by their account, and a wallet transaction names those that were made for it with their accounts.
  constraint account_transactions_pkey primary key (brand_key, account_id, account_transaction_id),
  constraint account_transactions_value_check check (value >= 0)
);

create trigger account_transactions_append_only before update or delete or truncate on wallet.account_transactions
  for each statement execute function ledger.refuse_change();
create trigger wallet_transactions_not_removable before delete or truncate on wallet.wallet_transactions
  for each statement execute function ledger.refuse_change();

-- The border to the ledger's tables: what an account holds at this instant. A lock or lot that has expired
-- counts as gone here before the jobs have posted it.
create function wallet.balances_of(brand bigint, ledger_account uuid)
returns table (current bigint, locked bigint) language sql stable as $$
  select b.posted - coalesce(dead_lots.points, 0),
         b.held - coalesce(dead_holds.points, 0)
    from ledger.balances b
    left join lateral (
      select sum(h.amount)::bigint as points
        from ledger.holds h
       where h.brand_key = b.brand_key and h.account_id = b.account_id
         and h.status = 'open' and h.expires_at <= statement_timestamp()
    ) dead_holds on b.held > 0
    left join lateral (
      -- What a live lock holds of an expired lot can still be settled.
      select sum(l.remaining - least(l.held, coalesce(kept.points, 0)))::bigint as points
        from ledger.lots l
        left join lateral (
          select sum(part.points)::bigint as points
            from ledger.holds h
           cross join lateral unnest(h.lot_ids, h.lot_amounts) as part (lot_id, points)
           where h.brand_key = l.brand_key and h.account_id = l.account_id and h.status = 'open'
             and (h.expires_at is null or h.expires_at > statement_timestamp())
             and part.lot_id = l.lot_id
        ) kept on l.held > 0
       where l.brand_key = b.brand_key and l.account_id = b.account_id
         and l.live and l.expires_at <= statement_timestamp()
    ) dead_lots on true
   where b.brand_key = brand and b.account_id = ledger_account
$$;
revoke all on function wallet.balances_of(bigint, uuid) from public;

-- Accounts that hold points which have expired and no live lock holds.
create view wallet.expired_points with (security_invoker = true) as
select l.brand_key, l.account_id as ledger_account, l.lot_id, l.expires_at
  from ledger.lots l
 where l.live and l.expires_at <= statement_timestamp() and l.remaining > l.held;

-- Who a client is, for a request that is not yet known to be anyone's: the only way to a secret.
create function wallet.find_client(wanted text)
returns table (brand_id text, client_id text, name text, secret text, accepts_hash boolean, accepts_hmac boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select b.brand_id, c.client_id, c.name, c.secret, c.accepts_hash, c.accepts_hmac
    from wallet.clients c
    join ledger.brands b on b.brand_key = c.brand_key
   where c.client_id = wanted and c.revoked_at is null
$$;
revoke all on function wallet.find_client(text) from public;

-- Rights: what the engine's lanes and the reads need, and nothing else.
grant usage on schema wallet to zerosum_app, zerosum_read;
grant usage on all sequences in schema wallet to zerosum_app;
grant execute on function wallet.find_client(text), wallet.balances_of(bigint, uuid) to zerosum_app, zerosum_read;
grant select on wallet.brand_settings, wallet.schemes, wallet.scheme_tiers, wallet.permission_rules, wallet.wallets,
  wallet.identities, wallet.accounts, wallet.wallet_transactions, wallet.account_transactions, wallet.expired_points
  to zerosum_app, zerosum_read;
grant insert on wallet.schemes, wallet.scheme_tiers, wallet.wallets, wallet.identities, wallet.accounts,
  wallet.wallet_transactions, wallet.account_transactions to zerosum_app;
grant select, insert, delete on wallet.nonces to zerosum_app;
-- The rules of a brand are replaced as a whole.
grant insert, delete on wallet.permission_rules to zerosum_app;
grant update (status, state, updated_at) on wallet.wallets to zerosum_app;
grant update (status, state, updated_at) on wallet.identities to zerosum_app;
grant update (status, state, lifetime, lifetime_spend, lifetime_spend_value, updated_at, version) on wallet.accounts
  to zerosum_app;
grant update (parent_id, reference, status, meta, shown_accounts, shown_account_transactions, basket, results, identity_id,
  store_id, store_parent_id, settled_points, settled_money, refunded_points, refunded_money, closing_transaction,
  spend_posting, points, updated_at) on wallet.wallet_transactions to zerosum_app;

-- What a scheme gives never changes once it is made, whoever would: processes remember schemes, and what was spent under
-- one was reckoned by it.
create trigger schemes_append_only before update or delete or truncate on wallet.schemes
  for each statement execute function ledger.refuse_change();
create trigger scheme_tiers_append_only before update or delete or truncate on wallet.scheme_tiers
  for each statement execute function ledger.refuse_change();

-- Reads see one brand: the one that the connection says it reads for. No brand said, nothing seen.
do $$
declare
  name text;
begin
  foreach name in array array['brand_settings', 'schemes', 'scheme_tiers', 'permission_rules', 'wallets', 'identities',
                              'accounts', 'wallet_transactions', 'account_transactions', 'clients', 'nonces'] loop
    execute format('alter table wallet.%I enable row level security', name);
    execute format('create policy %I on wallet.%I to zerosum_app using (true)', name || '_lanes', name);
    execute format('create policy %I on wallet.%I for select to zerosum_read'
                   ' using (brand_key = nullif(current_setting(''zerosum.brand'', true), '''')::bigint)', name || '_reads', name);
  end loop;
end
$$;

-- As with answers and events: quick compression for what is written once, where the server has it.
do $$
declare
  name text;
begin
  foreach name in array array['meta', 'basket', 'adjudication', 'details'] loop
    execute format('alter table wallet.wallet_transactions alter column %I set compression lz4', name);
  end loop;
  alter table wallet.account_transactions alter column details set compression lz4;
exception when feature_not_supported then null;
end
$$;

-- A wallet's answers and events are 2 to 8 kB of JSON: compressed they fit into the page of their row. The default
-- would move them into a table of their own all the same, with an index entry for every 2 kB.
alter table ledger.idempotency_keys alter column outcome set storage main;
alter table events.outbox alter column payload set storage main;
alter table wallet.wallet_transactions alter column basket set storage main, alter column adjudication set storage main;
