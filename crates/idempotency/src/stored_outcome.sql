-- What was decided under a key.
select refused, outcome
  from ledger.answers
 where brand_key = $1
   and name = $2
