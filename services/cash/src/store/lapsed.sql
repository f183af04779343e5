-- Accounts with something that has lapsed at $1 (null: now) and was not posted yet, those that lapsed first.
-- Read as the application role, which sees every brand: the job works for all of them.
-- An account comes once for each of its lapsed lots.
select brand.brand_id, lot.account_id
  from ledger.lots lot
  join ledger.accounts account
    on account.brand_key = lot.brand_key and account.account_id = lot.account_id
  join ledger.brands brand
    on brand.brand_key = lot.brand_key
 where lot.live
   and lot.expires_at <= coalesce($1, clock_timestamp())
   and lot.remaining > lot.held
   and account.steward = 'cash'
   and brand.halted_reason is null
 order by lot.expires_at
 limit $2
