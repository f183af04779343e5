-- The account that a caller named $3, if it was opened before account $2.
select account.account_id, account.name, account.type, account.currency, account.metadata::text as metadata,
       account.created_at, account.updated_at, account.external_id, account.party_type, account.party_id,
       balance.floor, balance.ceiling, balance.posted
  from (
       select * from ledger.accounts named
        where named.brand_key = $1 and named.external_id = $3
       offset 0
       ) account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
 where account.account_id < $2
