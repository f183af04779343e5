-- How much an incremental pass has looked at: transactions and entries since a moment ($1), everything of the rest.
with recent as materialized (
  select t.brand_key, t.transaction_id
    from ledger.brands b
   cross join lateral (
         select x.brand_key, x.transaction_id from ledger.transactions x
          where x.brand_key = b.brand_key
            and x.transaction_id >= (lpad(to_hex((extract(epoch from $1::timestamptz) * 1000)::bigint), 12, '0')
                                     || '00000000000000000000')::uuid
         ) t
)
select (select count(*) from ledger.brands) as brands,
       (select count(*) from ledger.accounts) as accounts,
       (select count(*) from recent) as transactions,
       (select coalesce(sum(e.entries), 0)::bigint
          from recent r
         cross join lateral (
               select count(*) as entries from ledger.entries x
                where x.brand_key = r.brand_key and x.transaction_id = r.transaction_id
               ) e) as entries,
       (select count(*) from ledger.lots) as lots,
       (select count(*) from ledger.holds) as holds,
       (select count(*) from ledger.holds where status = 'open') as open_holds
