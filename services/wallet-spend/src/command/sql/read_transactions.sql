-- The transactions that are named, the spends of purchases that end with them, and the locks that have run out, by their
-- holds, as `resolve_names` found them. One may come twice.
select t.brand_key, t.wallet_transaction_id, t.parent_id, t.wallet_id, t.identity_id, t.reference, t.type, t.status,
       t.meta, t.shown_accounts, t.shown_account_transactions, t.basket, t.adjudication, t.results, t.store_id,
       t.store_parent_id, t.account_id, t.points, t.money, t.points_back, t.settled_points, t.settled_money,
       t.refunded_points, t.refunded_money, t.details, t.hold_id, t.lock_expires_at, t.lock_transaction,
       t.closing_transaction, t.spend_posting, t.original_id, t.created_at, t.updated_at
  from (
  select t.*
    from (select unnest($1::bigint[]) as brand_key, unnest($2::text[]) as reference) named
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_key = named.brand_key and t.reference = named.reference
     offset 0
   ) t
  union all
  select c.*
    from (select unnest($3::bigint[]) as brand_key, unnest($4::text[]) as reference) named
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_key = named.brand_key and t.reference = named.reference
     offset 0
   ) t
   cross join lateral (
     select * from wallet.wallet_transactions c
      where c.brand_key = t.brand_key and c.begun_in = t.wallet_transaction_id
     offset 0
   ) c
  union all
  select t.*
    from (select unnest($5::bigint[]) as brand_key, unnest($6::uuid[]) as hold_id) named
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_key = named.brand_key and t.hold_id = named.hold_id
     offset 0
   ) t
) t
