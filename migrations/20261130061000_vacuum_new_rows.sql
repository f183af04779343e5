-- Why: the server visits each page of new rows once; soon after it was written that costs next to nothing, later a whole page of log
-- Locks: each table against other maintenance, for a moment; neither reads nor writes wait
--
-- Vacuum marks what everybody can see. Left to a fifth of the table's size it came minutes later, after the next
-- checkpoint: then the mark is the first change of its page, which is logged whole. By a number of rows it comes while
-- the pages are fresh. These tables are not updated, or hardly; the others are vacuumed for their updates.
do $$
declare
  appended regclass;
begin
  foreach appended in array array[
    'ledger.transactions', 'ledger.entries', 'ledger.idempotency_keys', 'events.outbox',
    'wallet.wallet_transactions', 'wallet.account_transactions']::regclass[]
  loop
    execute format(
      'alter table %s set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000)',
      appended);
  end loop;
end
$$;
