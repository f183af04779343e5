-- What a row shows of accounts, and its results, are parts of $23 to $25.
update wallet.wallet_transactions t
   set
  parent_id = n.parent_id, identity_id = n.identity_id, reference = n.reference, status = n.status, meta = n.meta,
  shown_accounts = ($23::bigint[])[n.shown_from : n.shown_to],
  shown_account_transactions = ($24::bigint[])[n.shown_from : n.shown_to], basket = n.basket,
  results = ($25::bigint[])[n.results_from : n.results_from + 5], store_id = n.store_id,
  store_parent_id = n.store_parent_id, points = n.points, settled_points = n.settled_points,
  settled_money = n.settled_money, refunded_points = n.refunded_points, refunded_money = n.refunded_money,
  closing_transaction = n.closing_transaction, spend_posting = n.spend_posting, updated_at = n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
    $17::bigint[], $18::uuid[], $19::timestamptz[], $20::integer[], $21::integer[], $22::integer[]
  ) as n (
    brand_id, wallet_transaction_id, parent_id, wallet_id, identity_id, reference, status, meta,
    basket, store_id, store_parent_id, points, settled_points,
    settled_money, refunded_points, refunded_money, closing_transaction, spend_posting, updated_at, shown_from,
    shown_to, results_from
  )
 where t.brand_id = n.brand_id and t.wallet_id = n.wallet_id and t.wallet_transaction_id = n.wallet_transaction_id
