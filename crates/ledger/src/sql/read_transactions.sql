-- The transactions that the batch's commands name, with their entries, and what reversed them.
select t.brand_key, t.transaction_id, t.type, t.reverses is not null as is_reversal, r.transaction_id as reversed_by,
       e.account_id, e.version, e.amount, e.balance_after, e.transaction_id, e.line, e.currency, e.memo,
       e.previous_transaction, e.previous_line, e.lot_id
  from (select unnest($1::bigint[]) as brand_key, unnest($2::uuid[]) as transaction_id) named
 cross join lateral (
       select * from ledger.transactions t
        where t.brand_key = named.brand_key and t.transaction_id = named.transaction_id
        limit 1
       ) t
 cross join lateral (
       select * from ledger.entries e
        where e.brand_key = named.brand_key and e.transaction_id = named.transaction_id
       offset 0
       ) e
  left join lateral (
       select * from ledger.transactions r
        where r.brand_key = named.brand_key and r.reverses = named.transaction_id
        limit 1
       ) r on true
 order by t.brand_key, t.transaction_id, e.line
