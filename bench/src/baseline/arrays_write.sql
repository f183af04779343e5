-- A batch of transfers: balances move only from the version that the writer remembers.
with
transactions as (
  insert into bare.transactions (transaction_id, key, posted_at)
  select unnest($1::uuid[]), unnest($2::uuid[]), now()
),
entries as (
  insert into bare.entries (account_id, version, amount, balance_after, transaction_id, posted_at)
  select unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::uuid[]),
         now()
),
moved as (
  update bare.balances b
     set posted = u.posted, version = u.version
    from (select unnest($8::bigint[]) as account_id, unnest($9::bigint[]) as posted, unnest($10::bigint[]) as version,
                 unnest($11::bigint[]) as old_version) u
   where b.account_id = u.account_id and b.version = u.old_version
  returning 1
)
select count(*) from moved
