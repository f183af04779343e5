-- The tiers of schemes.
select t.brand_key, t.scheme_id, t.unit_identifier, t.floor, t.ceiling, t.step, t.rate_billionths, t.bonus,
       t.points_back
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.scheme_tiers t
    where t.brand_key = named.brand_key and t.scheme_id = named.scheme_id
   offset 0
 ) t
