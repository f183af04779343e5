-- The business references that were posted before, under whatever key.
select t.brand_key, t.type, t.external_ref, t.transaction_id
  from unnest($1::bigint[], $2::text[], $3::text[]) as named (brand_key, type, external_ref)
 cross join lateral (
       select * from ledger.transactions t
        where t.brand_key = named.brand_key and t.type = named.type and t.external_ref = named.external_ref
        limit 1
       ) t
