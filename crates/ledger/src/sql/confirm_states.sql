-- Sent after the balances were moved, by a batch that refuses something: every account that it has looked at, moved or
-- not, must now be in the very state that the batch leaves it in, limits included. Then what was refused would be
-- refused at this moment.
select ledger.refuse_stale(count(*), cardinality($2))
  from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::uuid[])
    as u (brand_key, account_id, posted, version, revision, floor, ceiling, last_transaction)
 cross join lateral (
       select * from ledger.balances b
        where b.brand_key = u.brand_key and b.account_id = u.account_id
        limit 1
       ) b
 where b.posted = u.posted and b.version = u.version and b.revision = u.revision
   and b.last_transaction is not distinct from u.last_transaction
   and b.floor is not distinct from u.floor and b.ceiling is not distinct from u.ceiling
