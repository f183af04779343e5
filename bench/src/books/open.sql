-- A brand ($1) and its accounts ($2), of which the first has a floor.
with brand as (
  insert into ledger.brands (brand_id, name) values ($1, $1) returning brand_key
), opened as (
  insert into ledger.accounts
    (brand_key, account_id, name, type, steward, currency, keeps_lots, created_at, updated_at)
  select brand_key, id, 'Bench', 'asset', 'general', 'USD', false, now(), now()
    from brand cross join unnest($2::uuid[]) id
)
insert into ledger.balances (brand_key, account_id, posted, held, version, floor)
select brand_key, id, 0, 0, 0, case when place = 1 then 0 end
  from brand cross join unnest($2::uuid[]) with ordinality as n (id, place)
