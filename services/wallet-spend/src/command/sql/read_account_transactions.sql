-- What was made for transactions that are told again or taken back: what they show, and what ended their locks.
select a.brand_key, a.account_transaction_id, a.parent_id, a.wallet_id, a.account_id, a.wallet_transaction_id,
       a.event, a.value, a.current_before, a.current_after, a.lifetime_before, a.lifetime_after, a.details,
       a.posting, a.created_at
  from (select unnest($1::bigint[]) as brand_key, unnest($2::text[]) as reference) named
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_key = named.brand_key and t.reference = named.reference
   offset 0
 ) t
 cross join lateral (
   select * from unnest(t.shown_accounts, t.shown_account_transactions)
   union
   select t.account_id, t.closing_transaction
 ) made (account_id, account_transaction_id)
 cross join lateral (
   select * from wallet.account_transactions a
    where a.brand_key = t.brand_key and a.account_id = made.account_id
      and a.account_transaction_id = made.account_transaction_id
   offset 0
 ) a
