-- What brands have set is as it was read; 0 is a brand that has set nothing.
select ledger.refuse_stale(count(*), cardinality($1::bigint[]))
  from (select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as version) n
 where n.version = coalesce((select s.version from wallet.brand_settings s where s.brand_key = n.brand_key), 0)
