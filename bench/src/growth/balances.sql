-- Where everyone stands after $1 rounds.
update ledger.balances b
   set posted = b.posted + legs.amount * $1::bigint, version = b.version + $1::bigint,
       last_transaction = round.id, last_line = legs.line
  from (select brand_key, pair, payer as account_id, -1 as amount, 0 as line from pairs
        union all
        select brand_key, pair, payee, 1, 1 from pairs) legs
 cross join lateral (
       -- As fill.sql names it.
       select (lpad(to_hex((extract(epoch from timestamptz '2025-01-01 00:00:00+00' + $1::bigint * interval '10 seconds')
                            * 1000)::bigint), 12, '0')
               || '70008000' || lpad(to_hex(legs.pair), 12, '0'))::uuid as id
       ) round
 where b.brand_key = legs.brand_key and b.account_id = legs.account_id
