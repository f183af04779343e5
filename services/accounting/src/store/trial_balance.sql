-- What the accounts of each type hold, by currency. Text, because a total may need more than 64 bits.
select account.type, account.currency, sum(balance.posted)::text as total
  from ledger.accounts account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
 where account.brand_key = $1
 group by account.type, account.currency
 order by account.currency, account.type
