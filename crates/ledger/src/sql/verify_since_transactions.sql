-- C1 for the transactions made since a moment ($2): they sum to zero in every currency, have two entries or more, on
-- lines 0, 1, 2 and so on. Their ids begin with their millisecond, so the primary key finds them.
with recent as materialized (
  select t.brand_key, t.transaction_id
    from ledger.brands b
   cross join lateral (
         select x.brand_key, x.transaction_id from ledger.transactions x
          where x.brand_key = b.brand_key
            and x.transaction_id >= (lpad(to_hex((extract(epoch from $2::timestamptz) * 1000)::bigint), 12, '0')
                                     || '00000000000000000000')::uuid
         ) t
), by_currency as (
  select r.brand_key, r.transaction_id, e.currency, coalesce(sum(e.amount), 0) as total, count(e.line) as entries,
         min(e.line) as line_first, max(e.line) as line_last, sum(e.line) as lines
    from recent r
    left join lateral (
         select * from ledger.entries x where x.brand_key = r.brand_key and x.transaction_id = r.transaction_id offset 0
         ) e on true
   group by r.brand_key, r.transaction_id, e.currency
), folded as (
  select brand_key, transaction_id, sum(entries) as entries,
         min(currency) filter (where total <> 0) as unbalanced, min(total) filter (where total <> 0) as total,
         min(line_first) as line_first, max(line_last) as line_last, sum(lines) as lines
    from by_currency
   group by brand_key, transaction_id
), judged as (
  select *, unbalanced is not null as wrong_sum, entries < 2 as too_few,
         line_first <> 0 or line_last <> entries - 1 or lines <> entries * (entries - 1) / 2 as wrong_lines
    from folded
), problems as (
  select 'C1' as checker, j.brand_key, 'transaction ' || j.transaction_id as what, p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           (j.wrong_sum, '0 ' || j.unbalanced, j.total || ' ' || j.unbalanced, 'its entries do not sum to zero'),
           (j.too_few, '2 or more entries', j.entries || ' entries', 'a transaction has two entries or more'),
           (j.wrong_lines, 'lines 0 to ' || (j.entries - 1), 'other lines',
            'its lines do not count up from 0: an entry is missing or is there twice')
         ) as p (broken, expected, found, message)
   where (j.wrong_sum or j.too_few or j.wrong_lines) and p.broken
)
