-- Where everyone stands after $1 rounds.
update ledger.balances b
   set posted = b.posted + legs.amount * $1::bigint, version = b.version + $1::bigint
  from (select brand_key, payer as account_id, -1 as amount from pairs
        union all
        select brand_key, payee, 1 from pairs) legs
 where b.brand_key = legs.brand_key and b.account_id = legs.account_id
