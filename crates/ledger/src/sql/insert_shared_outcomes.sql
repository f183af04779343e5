-- The outcomes that the batch's answers share: a row's are a part of $5.
insert into ledger.shared_outcomes (brand_key, shared_id, outcomes)
select n.brand_key, n.shared_id, ($5::text[])[n.first : n.last]
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as shared_id,
           unnest($3::integer[]) as first, unnest($4::integer[]) as last
  ) n
