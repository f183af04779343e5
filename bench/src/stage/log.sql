-- As many files of the log as there are between checkpoints: begun, left, and kept by the checkpoint to be written again.
do $$
declare
  files int := (select setting::bigint << 20 from pg_settings where name = 'max_wal_size')
               / (select setting::bigint from pg_settings where name = 'wal_segment_size');
begin
  for file in 1 .. files loop
    perform pg_logical_emit_message(false, 'zerosum-bench', '');
    perform pg_switch_wal();
  end loop;
end
$$;
checkpoint;
