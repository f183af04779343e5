-- One statement for all entries of the batch: the zero-sum trigger sees whole transactions.
insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line, lot_id,
                            currency, memo, posted_at)
select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]),
       unnest($6::uuid[]), unnest($7::smallint[]), unnest($8::uuid[]), unnest($9::text[]), unnest($10::text[]), $11
