-- Backends report what they have done with up to a second's delay, so wait a second before the later snapshot.
select
  (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint as wal_bytes,
  (select wal_fpi from pg_stat_wal) as full_page_images,
  (select n_tup_upd from pg_stat_user_tables where relid = 'ledger.balances'::regclass) as updates,
  (select n_tup_hot_upd from pg_stat_user_tables where relid = 'ledger.balances'::regclass) as hot_updates,
  (select count(*) from ledger.transactions) as transactions
