-- Locks the balances that the batch's commands name by id, in key order, and reads them.
-- Key order (the arrays come sorted), or two processes whose batches share two accounts would deadlock.
-- The balance is read by the locking statement itself, which sees its last committed version even after a wait;
-- what hangs on the account (lots, holds) is read by later statements, whose snapshots begin after the lock.
-- Lateral, so that there is one plan: a lookup for each name, however small the tables were when it was made.
select b.brand_key, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling, b.last_transaction, b.last_line,
       b.revision, b.figures
  from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as account_id) named
 cross join lateral (
       select * from ledger.balances b
        where b.brand_key = named.brand_key and b.account_id = named.account_id
          for no key update
       ) b
 cross join lateral (
       select * from ledger.accounts a
        where a.brand_key = named.brand_key and a.account_id = named.account_id
        limit 1
       ) a
