-- As little as a ledger can be: balances with a version, transactions with a key, entries by account and version.
create schema bare;

create table bare.balances (
  account_id bigint not null,
  posted bigint not null,
  version bigint not null,
  constraint balances_pkey primary key (account_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table bare.transactions (
  transaction_id uuid not null,
  key uuid not null,
  posted_at timestamptz not null,
  constraint transactions_pkey primary key (transaction_id),
  constraint transactions_key_key unique (key)
);

create table bare.entries (
  account_id bigint not null,
  version bigint not null,
  amount bigint not null,
  balance_after bigint not null,
  transaction_id uuid not null,
  posted_at timestamptz not null,
  constraint entries_pkey primary key (account_id, version)
);
