-- Schemes by id and by reference.
select s.brand_key, s.scheme_id, s.reference
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_key = named.brand_key and s.scheme_id = named.scheme_id offset 0
 ) s
union all
select s.brand_key, s.scheme_id, s.reference
  from (select unnest($3::bigint[]) as brand_key, unnest($4::text[]) as reference) named
 cross join lateral (
   select * from wallet.schemes s where s.brand_key = named.brand_key and s.reference = named.reference offset 0
 ) s
