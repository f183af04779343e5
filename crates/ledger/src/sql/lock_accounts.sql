-- The same as lock_accounts_by_id.sql for commands that name accounts in other ways.
select b.brand_key, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling, b.last_transaction, b.last_line,
       b.revision, b.figures
  from (select * from ledger.named_accounts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         order by brand_key, account_id) as named
 cross join lateral (
       select * from ledger.balances b
        where b.brand_key = named.brand_key and b.account_id = named.account_id
          for no key update
       ) b
 cross join lateral (
       select * from ledger.accounts a
        where a.brand_key = named.brand_key and a.account_id = named.account_id
        limit 1
       ) a
