-- Schemes by id and by reference.
select s.brand_id, s.scheme_id, s.reference
  from unnest($1::text[], $2::bigint[]) as named (brand_id, scheme_id)
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = named.brand_id and s.scheme_id = named.scheme_id offset 0
 ) s
union all
select s.brand_id, s.scheme_id, s.reference
  from unnest($3::text[], $4::text[]) as named (brand_id, reference)
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = named.brand_id and s.reference = named.reference offset 0
 ) s
