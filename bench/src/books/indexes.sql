-- The constraints and indexes of these tables: how to drop each and how to make it again.
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as leave_out,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as remake
  from pg_constraint
 where contype in ('p', 'u') and conrelid = any (select t::regclass from unnest($1::text[]) t)
union all
select format('drop index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
  from pg_index i
 where i.indrelid = any (select t::regclass from unnest($1::text[]) t)
   and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
