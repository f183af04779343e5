-- What the accounts of each type held at the end of moment $2, by currency.
-- An account that has not moved since holds what it held; only the others are searched.
select account.type, account.currency,
       sum(case
             when last.posted_at is null or last.posted_at <= $2 then balance.posted
             else ledger.balance_at(account.brand_key, account.account_id, $2)
           end)::text as total
  from ledger.accounts account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
  left join lateral (
       select entry.posted_at
         from ledger.entries entry
        where entry.brand_key = account.brand_key
          and entry.transaction_id = balance.last_transaction
          and entry.line = balance.last_line
       offset 0
       ) last on true
 where account.brand_key = $1
   and account.created_at <= $2
 group by account.type, account.currency
 order by account.currency, account.type
