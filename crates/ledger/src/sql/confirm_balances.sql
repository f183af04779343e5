-- Moves balances that the batch has not locked, in key order, each only from the state that was decided on.
-- One that somebody else has moved meanwhile fails the statement, and with it the batch, which then runs again under
-- locks. After a wait for another's lock the state is looked at again.
with moved as (
  update ledger.balances b
     set posted = u.posted, held = u.held, version = u.version
    from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[]) as u (brand_id, account_id, posted, held, version, old_posted, old_held, old_version)
   where b.brand_id = u.brand_id and b.account_id = u.account_id
     and b.posted = u.old_posted and b.held = u.old_held and b.version = u.old_version
  returning 1
)
select ledger.refuse_stale(count(*), cardinality($2)) from moved
