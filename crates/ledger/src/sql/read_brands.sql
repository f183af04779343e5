select brand_id, currency, halted_reason is not null as halted
  from ledger.brands
 where brand_id = any ($1::text[])
