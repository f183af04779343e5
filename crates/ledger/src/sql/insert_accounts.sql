insert into ledger.accounts (brand_key, account_id, name, type, steward, currency, keeps_lots, code, external_id,
                             party_type, party_id, metadata, created_at, updated_at)
select u.brand_key, u.account_id, u.name, u.type, u.steward, u.currency, u.keeps_lots, u.code, u.external_id,
       u.party_type, u.party_id, u.metadata::json, $13, $13
  from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::text[])
    as u (brand_key, account_id, name, type, steward, currency, keeps_lots, code, external_id, party_type, party_id,
          metadata)
