-- One account, and its posted balance now.
select account.account_id, account.name, account.type, account.currency, account.metadata::text as metadata,
       account.created_at, account.updated_at, account.external_id, account.party_type, account.party_id,
       balance.floor, balance.ceiling, balance.posted
  from ledger.accounts account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
 where account.brand_key = $1
   and account.account_id = $2
