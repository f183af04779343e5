-- Transactions posted before transaction $2, newest first.
select posting.transaction_id, posting.type, posting.external_ref, posting.memo, posting.posted_at
  from ledger.transactions posting
 where posting.brand_key = $1
   and posting.transaction_id < $2
 order by posting.transaction_id desc
 limit $3
