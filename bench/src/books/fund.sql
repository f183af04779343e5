-- One posting, $5: the brand's ($1) account $2 gets $4 from account $3. Its id is before whatever is posted after it, as the
-- engine's are: one behind all others would keep them from the end of every index of ids.
with posted as (
  insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
  values (ledger.brand_key($1), $5, 'fund', now())
  returning brand_key, transaction_id, posted_at
), legs (account_id, amount, line) as (
  values ($2::uuid, $4::bigint, 0::smallint), ($3::uuid, -$4::bigint, 1::smallint)
), entered as (
  insert into ledger.entries
    (brand_key, account_id, version, amount, balance_after, transaction_id, line, posted_at, currency)
  select brand_key, account_id, 1, amount, amount, transaction_id, line, posted_at, 'USD'
    from posted cross join legs
)
update ledger.balances b
   set posted = legs.amount, version = 1, last_transaction = posted.transaction_id, last_line = legs.line
  from legs cross join posted
 where b.brand_key = ledger.brand_key($1) and b.account_id = legs.account_id
