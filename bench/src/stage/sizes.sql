-- Heaps (with what belongs to them) and indexes of our tables.
select n.nspname || '.' || c.relname as name,
       case c.relkind when 'r' then pg_table_size(c.oid) else pg_relation_size(c.oid) end as bytes
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname in ('ledger', 'wallet', 'events') and c.relkind in ('r', 'i')
