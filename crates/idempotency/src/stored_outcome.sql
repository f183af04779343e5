-- What was decided under a key.
select refused, outcome
  from ledger.idempotency_keys
 where brand_id = $1
   and scope = $2
   and key = $3
