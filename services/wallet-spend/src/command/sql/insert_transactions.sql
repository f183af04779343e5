-- What a row shows of accounts, and its results, are parts of $34 to $36.
insert into wallet.wallet_transactions (
  brand_id, wallet_transaction_id, parent_id, begun_in, wallet_id, identity_id, reference, type, status, meta,
  shown_accounts, shown_account_transactions, basket, adjudication, results, store_id, store_parent_id,
  account_id, points, money, points_back, settled_points, settled_money, refunded_points, refunded_money,
  details, hold_id, lock_expires_at, lock_transaction, closing_transaction, spend_posting, original_id,
  created_at, updated_at
)
select
  n.brand_id, n.wallet_transaction_id, n.parent_id, case when n.type = 'SPEND' then nullif(n.parent_id, 0) end,
  n.wallet_id, n.identity_id, n.reference, n.type, n.status, n.meta, ($34::bigint[])[n.shown_from : n.shown_to],
  ($35::bigint[])[n.shown_from : n.shown_to], n.basket, n.adjudication,
  ($36::bigint[])[n.results_from : n.results_from + 5], n.store_id, n.store_parent_id, n.account_id, n.points, n.money,
  n.points_back, n.settled_points, n.settled_money, n.refunded_points, n.refunded_money, n.details, n.hold_id,
  n.lock_expires_at, n.lock_transaction, n.closing_transaction, n.spend_posting, n.original_id, n.created_at,
  n.updated_at
  from unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
    $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
    $20::bigint[], $21::bigint[], $22::text[], $23::uuid[], $24::timestamptz[], $25::bigint[],
    $26::bigint[], $27::uuid[], $28::bigint[], $29::timestamptz[], $30::timestamptz[], $31::integer[], $32::integer[],
    $33::integer[]
  ) as n (
    brand_id, wallet_transaction_id, parent_id, wallet_id, identity_id, reference, type, status, meta,
    basket, adjudication, store_id, store_parent_id,
    account_id, points, money, points_back, settled_points, settled_money, refunded_points, refunded_money,
    details, hold_id, lock_expires_at, lock_transaction, closing_transaction, spend_posting, original_id,
    created_at, updated_at, shown_from, shown_to, results_from
  )
