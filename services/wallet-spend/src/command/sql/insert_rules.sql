insert into wallet.permission_rules (brand_id, subject, status, state, may_earn, may_spend)
select n.brand_id, n.subject, n.status, n.state, n.may_earn, n.may_spend
  from (
    select unnest($1::text[]) as brand_id, unnest($2::text[]) as subject, unnest($3::text[]) as status,
           unnest($4::text[]) as state, unnest($5::boolean[]) as may_earn, unnest($6::boolean[]) as may_spend
  ) n
