insert into wallet.scheme_tiers (
  brand_id, scheme_id, unit_identifier, floor, ceiling, step, rate_billionths, bonus, points_back
)
select n.brand_id, n.scheme_id, n.unit_identifier, n.floor, n.ceiling, n.step, n.rate_billionths, n.bonus, n.points_back
  from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]
  ) as n (
    brand_id, scheme_id, unit_identifier, floor, ceiling, step, rate_billionths, bonus, points_back
  )
