-- Who may earn and spend, for the brands that ask.
select r.brand_key, r.subject, r.status, r.state, r.may_earn, r.may_spend
  from wallet.permission_rules r
 where r.brand_key = any ($1::bigint[])
