-- What a row shows of accounts, and its results, are parts of $34 to $36.
insert into wallet.wallet_transactions (
  brand_key, wallet_transaction_id, parent_id, begun_in, wallet_id, identity_id, reference, type, status, meta,
  shown_accounts, shown_account_transactions, basket, adjudication, results, store_id, store_parent_id,
  account_id, points, money, points_back, settled_points, settled_money, refunded_points, refunded_money,
  details, hold_id, lock_expires_at, lock_transaction, closing_transaction, spend_posting, original_id,
  created_at, updated_at
)
select
  n.brand_key, n.wallet_transaction_id, n.parent_id, case when n.type = 'SPEND' then nullif(n.parent_id, 0) end,
  n.wallet_id, n.identity_id, n.reference, n.type, n.status, n.meta, ($34::bigint[])[n.shown_from : n.shown_to],
  ($35::bigint[])[n.shown_from : n.shown_to], n.basket, n.adjudication,
  ($36::bigint[])[n.results_from : n.results_from + 5], n.store_id, n.store_parent_id, n.account_id, n.points, n.money,
  n.points_back, n.settled_points, n.settled_money, n.refunded_points, n.refunded_money, n.details, n.hold_id,
  n.lock_expires_at, n.lock_transaction, n.closing_transaction, n.spend_posting, n.original_id, n.created_at,
  n.updated_at
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_transaction_id,
           unnest($3::bigint[]) as parent_id, unnest($4::bigint[]) as wallet_id, unnest($5::bigint[]) as identity_id,
           unnest($6::text[]) as reference, unnest($7::text[]) as type, unnest($8::text[]) as status,
           unnest($9::text[]) as meta, unnest($10::text[]) as basket, unnest($11::text[]) as adjudication,
           unnest($12::text[]) as store_id, unnest($13::text[]) as store_parent_id, unnest($14::bigint[]) as account_id,
           unnest($15::bigint[]) as points, unnest($16::bigint[]) as money, unnest($17::bigint[]) as points_back,
           unnest($18::bigint[]) as settled_points, unnest($19::bigint[]) as settled_money,
           unnest($20::bigint[]) as refunded_points, unnest($21::bigint[]) as refunded_money,
           unnest($22::text[]) as details, unnest($23::uuid[]) as hold_id, unnest($24::timestamptz[]) as lock_expires_at,
           unnest($25::bigint[]) as lock_transaction, unnest($26::bigint[]) as closing_transaction,
           unnest($27::uuid[]) as spend_posting, unnest($28::bigint[]) as original_id,
           unnest($29::timestamptz[]) as created_at, unnest($30::timestamptz[]) as updated_at,
           unnest($31::integer[]) as shown_from, unnest($32::integer[]) as shown_to, unnest($33::integer[]) as results_from
  ) n
