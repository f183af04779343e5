insert into ledger.transactions (brand_key, transaction_id, type, external_ref, memo, metadata, reverses, posted_at)
select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
       unnest($6::text[])::json, unnest($7::uuid[]), $8
