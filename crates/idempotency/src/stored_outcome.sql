-- What was decided under a key.
select refused, outcome
  from ledger.idempotency_keys
 where brand_key = $1
   and name = $2
