create schema rival;

create table rival.balances (
  account_id bigint not null,
  posted bigint not null,
  version bigint not null,
  constraint balances_pkey primary key (account_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Numbered in order, so that every index of the number grows at its end.
create table rival.transactions (
  transaction_id bigint not null generated always as identity,
  type text not null,
  posted_at timestamptz not null,
  constraint transactions_pkey primary key (transaction_id)
);

create table rival.entries (
  account_id bigint not null,
  version bigint not null,
  amount bigint not null,
  balance_after bigint not null,
  transaction_id bigint not null,
  posted_at timestamptz not null,
  constraint entries_pkey primary key (account_id, version)
);
create index entries_transaction_idx on rival.entries (transaction_id);

-- Locks in key order, because two transfers between the same accounts would deadlock without it.
create function rival.transfer(a bigint, b bigint, amount bigint) returns bigint language plpgsql as $$
declare
  id bigint;
  first rival.balances;
  second rival.balances;
begin
  update rival.balances as r
     set posted = posted + case when r.account_id = a then -amount else amount end, version = version + 1
   where r.account_id = least(a, b) returning r.* into first;
  update rival.balances as r
     set posted = posted + case when r.account_id = a then -amount else amount end, version = version + 1
   where r.account_id = greatest(a, b) returning r.* into second;
  insert into rival.transactions (type, posted_at) values ('transfer', now()) returning transaction_id into id;
  insert into rival.entries values
    (first.account_id, first.version, case when first.account_id = a then -amount else amount end,
     first.posted, id, now()),
    (second.account_id, second.version, case when second.account_id = a then -amount else amount end,
     second.posted, id, now());
  return id;
end
$$;
