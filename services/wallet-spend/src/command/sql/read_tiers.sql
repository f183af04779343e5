-- The tiers of schemes.
select t.brand_id, t.scheme_id, t.unit_identifier, t.floor, t.ceiling, t.step, t.rate_billionths, t.bonus,
       t.points_back
  from (select unnest($1::text[]) as brand_id, unnest($2::bigint[]) as scheme_id) named
 cross join lateral (
   select * from wallet.scheme_tiers t
    where t.brand_id = named.brand_id and t.scheme_id = named.scheme_id
   offset 0
 ) t
