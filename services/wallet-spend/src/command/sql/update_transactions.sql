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
  from (
    select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as wallet_transaction_id,
           unnest($3::bigint[]) as parent_id, unnest($4::bigint[]) as wallet_id, unnest($5::bigint[]) as identity_id,
           unnest($6::text[]) as reference, unnest($7::text[]) as status, unnest($8::text[]) as meta,
           unnest($9::text[]) as basket, unnest($10::text[]) as store_id, unnest($11::text[]) as store_parent_id,
           unnest($12::bigint[]) as points, unnest($13::bigint[]) as settled_points,
           unnest($14::bigint[]) as settled_money, unnest($15::bigint[]) as refunded_points,
           unnest($16::bigint[]) as refunded_money, unnest($17::bigint[]) as closing_transaction,
           unnest($18::uuid[]) as spend_posting, unnest($19::timestamptz[]) as updated_at,
           unnest($20::integer[]) as shown_from, unnest($21::integer[]) as shown_to, unnest($22::integer[]) as results_from
  ) n
 where t.brand_key = n.brand_key and t.wallet_id = n.wallet_id and t.wallet_transaction_id = n.wallet_transaction_id
