update wallet.wallet_transactions t
   set
  parent_id = n.parent_id, identity_id = n.identity_id, reference = n.reference, status = n.status, meta = n.meta,
  shown_accounts = n.shown_accounts::bigint[],
  shown_account_transactions = n.shown_account_transactions::bigint[], basket = n.basket,
  results = n.results::bigint[], store_id = n.store_id, store_parent_id = n.store_parent_id,
  points = n.points, settled_points = n.settled_points, settled_money = n.settled_money,
  refunded_points = n.refunded_points, refunded_money = n.refunded_money,
  closing_transaction = n.closing_transaction, spend_posting = n.spend_posting, updated_at = n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[],
    $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::uuid[], $22::timestamptz[]
  ) as n (
    brand_id, wallet_transaction_id, parent_id, wallet_id, identity_id, reference, status, meta, shown_accounts,
    shown_account_transactions, basket, results, store_id, store_parent_id, points, settled_points,
    settled_money, refunded_points, refunded_money, closing_transaction, spend_posting, updated_at
  )
 where t.brand_id = n.brand_id and t.wallet_id = n.wallet_id and t.wallet_transaction_id = n.wallet_transaction_id
