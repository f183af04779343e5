insert into ledger.transactions (brand_id, transaction_id, type, external_ref, memo, metadata, reverses, posted_at)
select u.brand_id, u.transaction_id, u.type, u.external_ref, u.memo, u.metadata::json, u.reverses, $8
  from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[])
    as u (brand_id, transaction_id, type, external_ref, memo, metadata, reverses)
