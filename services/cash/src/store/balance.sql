-- What a user can use at $3 (null: now): posted, less what is held, less what has lapsed and was not posted yet.
select account.account_id,
       account.currency,
       (balance.posted - balance.held - coalesce(lapsed.amount, 0))::bigint as usable
  from (select * from ledger.accounts named where named.brand_key = $1 and named.code = $2 offset 0) account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
 cross join lateral (
       select sum(lot.remaining - lot.held) as amount
         from ledger.lots lot
        where lot.brand_key = account.brand_key
          and lot.account_id = account.account_id
          and lot.live
          and lot.expires_at <= coalesce($3, clock_timestamp())
     ) lapsed
