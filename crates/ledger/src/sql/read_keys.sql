-- The answers already given to the batch's keys. Read after the locks: of two processes that got the same key,
-- the second usually waited there and now sees the first one's answer.
select k.brand_id, k.scope, k.key, k.fingerprint, k.refused, k.outcome
  from unnest($1::text[], $2::text[], $3::text[]) as named (brand_id, scope, key)
 cross join lateral (
       select * from ledger.idempotency_keys k
        where k.brand_id = named.brand_id and k.scope = named.scope and k.key = named.key
        limit 1
       ) k
