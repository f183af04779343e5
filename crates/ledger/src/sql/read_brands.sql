-- The batch's brands and its moment. Sent last of all reads, so that the moment is later than that of every batch
-- that this one has waited for.
select brand_id, currency, halted_reason is not null as halted, clock_timestamp()
  from ledger.brands
 where brand_key = any ($1::bigint[])
