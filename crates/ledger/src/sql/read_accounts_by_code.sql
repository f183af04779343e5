-- The same as read_accounts_by_id.sql, by the names that rules gave.
select b.brand_id, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling
  from unnest($1::text[], $2::text[]) as named (brand_id, code)
 cross join lateral (
       select * from ledger.accounts a
        where a.brand_id = named.brand_id and a.code = named.code
       offset 0
       ) a
 cross join lateral (
       select * from ledger.balances b
        where b.brand_id = a.brand_id and b.account_id = a.account_id
       offset 0
       ) b
