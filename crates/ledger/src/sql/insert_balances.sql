-- What a service keeps with a balance is a part of $12.
insert into ledger.balances (brand_key, account_id, posted, held, version, last_transaction, last_line, revision, floor,
                             ceiling, figures)
select n.brand_key, n.account_id, n.posted, n.held, n.version, n.last_transaction, n.last_line, n.revision, n.floor,
       n.ceiling, ($12::bigint[])[n.figures : n.figures + 3]
  from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::smallint[],
              $8::bigint[], $9::bigint[], $10::bigint[], $11::integer[])
    as n (brand_key, account_id, posted, held, version, last_transaction, last_line, revision, floor, ceiling, figures)
