-- Rows below version $3 of the account that is called $2, newest first: one for each transaction, however many
-- lots it moved.
-- A row is found by its first entry: the one before it belongs to another transaction. The entries of one
-- transaction are next to each other, because a batch holds the account's lock for all of them.
select head.version,
       head.transaction_id,
       head.line,
       head.lot_id,
       head.posted_at,
       posting.type,
       posting.memo,
       posting.metadata::text as metadata,
       whole.amount
  from (select * from ledger.accounts named where named.brand_key = $1 and named.code = $2 offset 0) account
 cross join lateral (
       select entry.version, entry.transaction_id, entry.line, entry.lot_id, entry.posted_at
         from ledger.entries entry
        where entry.brand_key = account.brand_key
          and entry.account_id = account.account_id
          and entry.version < $3
          and not exists (
              select from ledger.entries before
               where before.brand_key = entry.brand_key
                 and before.account_id = entry.account_id
                 and before.version = entry.version - 1
                 and before.transaction_id = entry.transaction_id
              )
        order by entry.version desc
        limit $4
       ) head
 cross join lateral (
       select * from ledger.transactions moved
        where moved.brand_key = account.brand_key and moved.transaction_id = head.transaction_id
       offset 0
       ) posting
 cross join lateral (
       select sum(entry.amount)::bigint as amount
         from ledger.entries entry
        where entry.brand_key = account.brand_key
          and entry.transaction_id = head.transaction_id
          and entry.account_id = account.account_id
     ) whole
 order by head.version desc
