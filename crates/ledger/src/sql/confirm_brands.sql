-- Begins what is written on what the lane remembers: its brands are there and take writes. And the moment.
select clock_timestamp(), ledger.refuse_stale(count(*), cardinality($1::bigint[]))
  from ledger.brands
 where brand_key = any ($1::bigint[]) and halted_reason is null
