-- Entries of an account below version $3, newest first.
select version, transaction_id, line, amount, memo, posted_at
  from ledger.history($1, $2, $3, $4)
 order by version desc
