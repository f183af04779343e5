-- What the accounts of each type held at the end of moment $2, by currency; see balance_at.sql.
select account.type, account.currency, sum(coalesce(last.balance_after, 0))::text as total
  from ledger.accounts account
  join ledger.balances balance
    on balance.brand_id = account.brand_id and balance.account_id = account.account_id
 cross join lateral (
       with recursive halving (low, high) as (
         select 0::bigint, balance.version
         union all
         select case when middle.posted_at <= $2 then middle.version else halving.low end,
                case when middle.posted_at <= $2 then halving.high else middle.version - 1 end
           from halving
           join ledger.entries middle
             on middle.brand_id = account.brand_id
            and middle.account_id = account.account_id
            and middle.version = (halving.low + halving.high + 1) / 2
          where halving.low < halving.high
       )
       select low from halving where low = high
     ) found
  left join ledger.entries last
    on last.brand_id = account.brand_id and last.account_id = account.account_id and last.version = found.low
 where account.brand_id = $1
 group by account.type, account.currency
 order by account.currency, account.type
