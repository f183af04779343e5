-- The same as read_accounts_by_id.sql, by the names that rules gave.
select b.brand_key, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling, b.last_transaction, b.last_line,
       b.revision, b.figures
  from unnest($1::bigint[], $2::text[]) as named (brand_key, code)
 cross join lateral (
       select * from ledger.accounts a
        where a.brand_key = named.brand_key and a.code = named.code
       offset 0
       ) a
 cross join lateral (
       select * from ledger.balances b
        where b.brand_key = a.brand_key and b.account_id = a.account_id
       offset 0
       ) b
