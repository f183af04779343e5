-- C1: every transaction sums to zero in every currency, has two entries or more on lines 0, 1, 2 and so on,
-- and every entry has its transaction, in its own brand.
-- One pass over the entries in the order of their transactions; sums are numeric, so that no planted amount
-- can overflow them.
with by_currency as (
  select brand_key, transaction_id, currency collate "C" as currency, sum(amount) as total, count(*) as entries,
         min(line) as line_first, max(line) as line_last, sum(line) as lines
    from ledger.entries
   group by brand_key, transaction_id, currency collate "C"
), folded as (
  select brand_key, transaction_id, sum(entries) as entries,
         min(currency) filter (where total <> 0) as unbalanced,
         min(total) filter (where total <> 0) as total,
         min(line_first) as line_first, max(line_last) as line_last, sum(lines) as lines
    from by_currency
   group by brand_key, transaction_id
), joined as (
  select coalesce(t.brand_key, f.brand_key) as brand_key, coalesce(t.transaction_id, f.transaction_id) as transaction_id,
         coalesce(f.entries, 0) as entries, f.unbalanced, f.total,
         t.transaction_id is null as orphan,
         f.unbalanced is not null as wrong_sum,
         coalesce(f.entries, 0) < 2 as too_few,
         -- Distinct lines 0..n-1 have this first, last and sum.
         f.entries is not null and (f.line_first <> 0 or f.line_last <> f.entries - 1
                                    or f.lines <> f.entries * (f.entries - 1) / 2) as wrong_lines
    from folded f
    full join ledger.transactions t on t.brand_key = f.brand_key and t.transaction_id = f.transaction_id
), problems as (
  select 'C1' as checker, j.brand_key, 'transaction ' || j.transaction_id as what, p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.orphan, 'a transaction', 'none', 'entries name a transaction that their brand does not have'),
           (j.wrong_sum, '0 ' || j.unbalanced, j.total || ' ' || j.unbalanced, 'its entries do not sum to zero'),
           (j.too_few, '2 or more entries', j.entries || ' entries', 'a transaction has two entries or more'),
           (j.wrong_lines, 'lines 0 to ' || (j.entries - 1), 'other lines',
            'its lines do not count up from 0: an entry is missing or is there twice')
         ) as p (broken, expected, found, message)
   where (j.orphan or j.wrong_sum or j.too_few or j.wrong_lines) and p.broken
)
