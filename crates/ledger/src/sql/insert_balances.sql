insert into ledger.balances (brand_key, account_id, posted, held, version, last_transaction, last_line, floor, ceiling)
select * from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::smallint[],
                     $8::bigint[], $9::bigint[])
