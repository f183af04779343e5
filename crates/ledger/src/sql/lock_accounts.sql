-- The same as lock_accounts_by_id.sql for commands that name accounts in other ways.
select b.brand_id, b.account_id, a.currency, a.steward, a.keeps_lots, a.code, a.external_id,
       b.posted, b.held, b.version, b.floor, b.ceiling
  from ledger.named_accounts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as named
  join ledger.balances b on b.brand_id = named.brand_id and b.account_id = named.account_id
  join ledger.accounts a on a.brand_id = b.brand_id and a.account_id = b.account_id
 order by b.brand_id, b.account_id
   for no key update of b
