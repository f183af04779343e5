insert into wallet.permission_rules (brand_id, subject, status, state, may_earn, may_spend)
select n.brand_id, n.subject, n.status, n.state, n.may_earn, n.may_spend
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[])
    as n (brand_id, subject, status, state, may_earn, may_spend)
