-- Where everyone stands after $1 rounds.
update ledger.balances b
   set posted = b.posted + legs.amount * $1::bigint, version = b.version + $1::bigint,
       last_transaction = pg_temp.posting_id($1, legs.pair), last_line = legs.line
  from (select brand_key, pair, payer as account_id, -1 as amount, 0 as line from pairs
        union all
        select brand_key, pair, payee, 1, 1 from pairs) legs
 where b.brand_key = legs.brand_key and b.account_id = legs.account_id
