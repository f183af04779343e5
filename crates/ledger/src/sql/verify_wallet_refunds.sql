-- W4: what was refunded of a wallet transaction is the sum of its refunds.
with refunds as (
  select brand_key, original_id, sum(points) as points, sum(money) as money
    from wallet.wallet_transactions
   where original_id is not null
   group by brand_key, original_id
), joined as (
  select coalesce(t.brand_key, r.brand_key) as brand_key,
         coalesce(t.wallet_transaction_id, r.original_id) as wallet_transaction_id,
         t.wallet_transaction_id is null as lost,
         t.refunded_points <> coalesce(r.points, 0) or t.refunded_money <> coalesce(r.money, 0) as wrong,
         coalesce(r.points, 0) || ' points, ' || coalesce(r.money, 0) || ' money' as expected,
         t.refunded_points || ' points, ' || t.refunded_money || ' money' as found
    from wallet.wallet_transactions t
    full join refunds r on r.brand_key = t.brand_key and r.original_id = t.wallet_transaction_id
), problems as (
  select 'W4' as checker, j.brand_key, 'wallet transaction ' || j.wallet_transaction_id as what,
         p.expected, p.found, p.message
    from joined j
   cross join lateral (values
           (j.lost, 'a wallet transaction', 'none', 'a refund is of a transaction that does not exist'),
           (j.wrong, j.expected, j.found, 'what was refunded is not the sum of the refunds')
         ) as p (broken, expected, found, message)
   where (j.lost or j.wrong) and p.broken
)
