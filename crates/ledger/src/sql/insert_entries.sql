-- One statement for all entries of the batch: the zero-sum trigger sees whole transactions.
insert into ledger.entries (brand_id, account_id, version, amount, balance_after, transaction_id, line, lot_id,
                            currency, memo, posted_at)
select u.*, $11
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::smallint[],
              $8::uuid[], $9::text[], $10::text[]) as u
