-- Schemes by id and by reference.
select s.brand_id, s.scheme_id, s.reference
  from (select unnest($1::text[]) as brand_id, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = named.brand_id and s.scheme_id = named.scheme_id offset 0
 ) s
union all
select s.brand_id, s.scheme_id, s.reference
  from (select unnest($3::text[]) as brand_id, unnest($4::text[]) as reference) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = named.brand_id and s.reference = named.reference offset 0
 ) s
