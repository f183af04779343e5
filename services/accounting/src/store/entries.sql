-- Entries of an account below version $3, newest first.
select entry.version, entry.transaction_id, entry.line, entry.amount, entry.memo, entry.posted_at
  from ledger.entries entry
 where entry.brand_key = $1
   and entry.account_id = $2
   and entry.version < $3
 order by entry.version desc
 limit $4
