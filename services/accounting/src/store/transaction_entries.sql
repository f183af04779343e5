-- The entries of transactions, newest transaction first, in their order.
select entry.transaction_id, entry.line, entry.account_id, entry.amount, entry.memo
  from ledger.entries entry
 where entry.brand_key = $1
   and entry.transaction_id = any ($2)
 order by entry.transaction_id desc, entry.line
 limit $3
