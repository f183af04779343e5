-- The balances of a batch whose other rows were written before: see write_rows.sql. After a wait for another's lock the
-- state is looked at again.
with moved as (
  update ledger.balances b
     set posted = u.posted, held = u.held, version = u.version,
         last_transaction = u.last_transaction, last_line = u.last_line, revision = u.revision,
         figures = coalesce(($14::bigint[])[u.figures : u.figures + 3], b.figures)
    from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as account_id, unnest($3::bigint[]) as posted,
                 unnest($4::bigint[]) as held, unnest($5::bigint[]) as version,
                 unnest($6::uuid[]) as last_transaction, unnest($7::smallint[]) as last_line,
                 unnest($8::bigint[]) as revision, unnest($9::integer[]) as figures,
                 unnest($10::bigint[]) as old_posted, unnest($11::bigint[]) as old_version,
                 unnest($12::uuid[]) as old_last, unnest($13::bigint[]) as old_revision) u
   where b.brand_key = u.brand_key and b.account_id = u.account_id
     and b.posted = u.old_posted and b.version = u.old_version
     and b.last_transaction is not distinct from u.old_last and b.revision = u.old_revision
  returning 1
)
select ledger.refuse_stale(count(*), cardinality($2)) from moved
