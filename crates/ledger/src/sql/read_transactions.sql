-- The transactions that the batch's commands name, with their entries, and what reversed them.
select t.brand_id, t.transaction_id, t.type, t.reverses is not null as is_reversal, r.transaction_id as reversed_by,
       e.account_id, e.version, e.amount, e.balance_after, e.line, e.lot_id, e.currency, e.memo
  from unnest($1::text[], $2::uuid[]) as named (brand_id, transaction_id)
  join ledger.transactions t on t.brand_id = named.brand_id and t.transaction_id = named.transaction_id
  join ledger.entries e on e.brand_id = t.brand_id and e.transaction_id = t.transaction_id
  left join ledger.transactions r on r.brand_id = t.brand_id and r.reverses = t.transaction_id
 order by t.brand_id, t.transaction_id, e.line
