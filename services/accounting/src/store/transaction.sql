-- One transaction, and what reverses it.
select posting.transaction_id, posting.type, posting.external_ref, posting.memo, posting.posted_at,
       posting.metadata::text as metadata, posting.reverses, reversal.transaction_id as reversed_by
  from ledger.transactions posting
  left join lateral (
       select found.transaction_id
         from ledger.transactions found
        where found.brand_key = posting.brand_key and found.reverses = posting.transaction_id
       offset 0
       ) reversal on true
 where posting.brand_key = $1
   and posting.transaction_id = $2
