insert into wallet.permission_rules (brand_key, subject, status, state, may_earn, may_spend)
select n.brand_key, n.subject, n.status, n.state, n.may_earn, n.may_spend
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::text[]) as subject, unnest($3::text[]) as status,
           unnest($4::text[]) as state, unnest($5::boolean[]) as may_earn, unnest($6::boolean[]) as may_spend
  ) n
