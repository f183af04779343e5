insert into wallet.scheme_tiers (
  brand_key, scheme_id, unit_identifier, floor, ceiling, step, rate_billionths, bonus, points_back
)
select n.brand_key, n.scheme_id, n.unit_identifier, n.floor, n.ceiling, n.step, n.rate_billionths, n.bonus, n.points_back
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as scheme_id, unnest($3::text[]) as unit_identifier,
           unnest($4::bigint[]) as floor, unnest($5::bigint[]) as ceiling, unnest($6::bigint[]) as step,
           unnest($7::bigint[]) as rate_billionths, unnest($8::bigint[]) as bonus, unnest($9::bigint[]) as points_back
  ) n
