-- Locks the balances that the batch's commands name by id, in key order, and reads them.
-- Key order, or two processes whose batches share two accounts would deadlock.
-- The balance is read by the locking statement itself, which sees its last committed version even after a wait;
-- what hangs on the account (lots, holds) is read by later statements, whose snapshots begin after the lock.
select b.brand_id, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling
  from unnest($1::text[], $2::uuid[]) as named (brand_id, account_id)
  join ledger.balances b on b.brand_id = named.brand_id and b.account_id = named.account_id
  join ledger.accounts a on a.brand_id = b.brand_id and a.account_id = b.account_id
 order by b.brand_id, b.account_id
   for no key update of b
