-- Begins what is written on what the lane remembers: its brands are there and take writes. And the moment.
select clock_timestamp(), ledger.refuse_stale(count(*), cardinality($1::text[]))
  from ledger.brands
 where brand_id = any ($1::text[]) and halted_reason is null
