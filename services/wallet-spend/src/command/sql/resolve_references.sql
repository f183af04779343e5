-- The wallets and holds that references lead to, with the holds of their open children.
select t.brand_id, t.reference, t.wallet_id, t.hold_id, t.spend_posting,
       array(select c.hold_id
               from wallet.wallet_transactions c
              where c.brand_id = t.brand_id and c.parent_id = t.wallet_transaction_id
                and c.parent_id <> 0 and c.status = 'ACTIVE' and c.hold_id is not null)
  from unnest($1::text[], $2::text[]) as named (brand_id, reference)
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_id = named.brand_id and t.reference = named.reference
   offset 0
 ) t
