-- The answers already given to the batch's keys. Read after the locks: of two processes that got the same key,
-- the second usually waited there and now sees the first one's answer.
select k.brand_key, k.name, k.fingerprint, k.refused, k.outcome
  from unnest($1::bigint[], $2::uuid[]) as named (brand_key, name)
 cross join lateral (
       select * from ledger.answers k
        where k.brand_key = named.brand_key and k.name = named.name
        limit 1
       ) k
