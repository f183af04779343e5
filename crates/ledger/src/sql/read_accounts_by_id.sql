-- The accounts that the lane does not remember, without locks: what is decided on them is confirmed when it is written.
select b.brand_key, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling, b.last_transaction, b.last_line,
       b.revision, b.figures
  from unnest($1::bigint[], $2::uuid[]) as named (brand_key, account_id)
 cross join lateral (
       select * from ledger.balances b
        where b.brand_key = named.brand_key and b.account_id = named.account_id
        limit 1
       ) b
 cross join lateral (
       select * from ledger.accounts a
        where a.brand_key = named.brand_key and a.account_id = named.account_id
        limit 1
       ) a
