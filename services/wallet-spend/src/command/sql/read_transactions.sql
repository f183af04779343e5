-- The transactions that are named, the children of those that end with them, and the locks of the locked wallets that
-- have run out or do next, as `resolve_names` found their holds. One may come twice.
select t.brand_id, t.wallet_transaction_id, t.parent_id, t.wallet_id, t.identity_id, t.reference, t.type, t.status,
       t.meta::text, t.shown_accounts, t.shown_account_transactions, t.basket::text, t.adjudication::text, t.results,
       t.store_id, t.store_parent_id, t.account_id, t.points, t.money, t.points_back, t.settled_points,
       t.settled_money, t.refunded_points, t.refunded_money, t.details::text, t.hold_id, t.lock_expires_at,
       t.lock_transaction, t.closing_transaction, t.spend_posting, t.original_id, t.created_at, t.updated_at
  from (
  select t.*
    from unnest($1::text[], $2::text[]) as named (brand_id, reference)
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_id = named.brand_id and t.reference = named.reference
     offset 0
   ) t
  union all
  select c.*
    from unnest($3::text[], $4::text[]) as named (brand_id, reference)
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_id = named.brand_id and t.reference = named.reference
     offset 0
   ) t
   cross join lateral (
     select * from wallet.wallet_transactions c
      where c.brand_id = t.brand_id and c.parent_id = t.wallet_transaction_id and c.parent_id <> 0
     offset 0
   ) c
  union all
  select t.*
    from unnest($5::text[], $6::bigint[]) as named (brand_id, wallet_id)
   cross join lateral wallet.next_locks(named.brand_id, named.wallet_id, $7::bigint, $8::bigint) as t
   -- What is named was read above.
   where (t.brand_id, t.reference) not in (select * from unnest($1::text[], $2::text[]))
) t
