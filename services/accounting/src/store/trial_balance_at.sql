-- What the accounts of each type held at the end of moment $2, by currency.
-- An account that has not moved since holds what it held; only the others are searched, by halving as in
-- balance_at.sql.
select account.type, account.currency,
       sum(case
             when last.posted_at is null or last.posted_at <= $2 then balance.posted
             else coalesce((
               with recursive halving (low, high) as (
                 select 0::bigint, balance.version - 1
                 union all
                 select case when middle.posted_at <= $2 then middle.version else halving.low end,
                        case when middle.posted_at <= $2 then halving.high else middle.version - 1 end
                   from halving
                  cross join lateral (
                        select entry.version, entry.posted_at
                          from ledger.entries entry
                         where entry.brand_key = account.brand_key
                           and entry.account_id = account.account_id
                           and entry.version = (halving.low + halving.high + 1) / 2
                        offset 0
                        ) middle
                  where halving.low < halving.high
               )
               select found.balance_after
                 from halving
                cross join lateral (
                      select entry.balance_after
                        from ledger.entries entry
                       where entry.brand_key = account.brand_key
                         and entry.account_id = account.account_id
                         and entry.version = halving.low
                      offset 0
                      ) found
                where halving.low = halving.high
             ), 0)
           end)::text as total
  from ledger.accounts account
  join ledger.balances balance
    on balance.brand_key = account.brand_key and balance.account_id = account.account_id
  left join lateral (
       select entry.posted_at
         from ledger.entries entry
        where entry.brand_key = account.brand_key
          and entry.account_id = account.account_id
          and entry.version = balance.version
       offset 0
       ) last on true
 where account.brand_key = $1
   and account.created_at <= $2
 group by account.type, account.currency
 order by account.currency, account.type
