-- The posted balance of an account at the end of moment $3.
-- An account's entries never go back in time from one version to the next, so the last one up to the moment is
-- found by halving: as many index look-ups as the number of entries has bits.
with recursive halving (low, high) as (
  select 0::bigint, balance.version
    from ledger.balances balance
   where balance.brand_key = $1 and balance.account_id = $2
  union all
  select case when middle.posted_at <= $3 then middle.version else halving.low end,
         case when middle.posted_at <= $3 then halving.high else middle.version - 1 end
    from halving
   cross join lateral (
         select entry.version, entry.posted_at
           from ledger.entries entry
          where entry.brand_key = $1
            and entry.account_id = $2
            and entry.version = (halving.low + halving.high + 1) / 2
         offset 0
         ) middle
   where halving.low < halving.high
)
select coalesce(last.balance_after, 0)::bigint as posted
  from (select low from halving where low = high) found
  left join lateral (
       select entry.balance_after
         from ledger.entries entry
        where entry.brand_key = $1 and entry.account_id = $2 and entry.version = found.low
       offset 0
       ) last on true
