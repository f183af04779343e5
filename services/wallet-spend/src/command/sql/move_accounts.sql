-- The accounts of all wallets that the batch has read, each moved on from the very version that it was read in, whether or
-- not anything else of it has changed: what was remembered of a wallet that another process has moved meanwhile fails the
-- batch. In the order of their wallets, as `lock_accounts` locks them. What their brands have set must be as it was read,
-- too.
with moved as (
  update wallet.accounts t
     set status = n.status, state = n.state, lifetime = n.lifetime, lifetime_spend = n.lifetime_spend,
         lifetime_spend_value = n.lifetime_spend_value, updated_at = n.updated_at, version = n.version + 1
    from (
      select unnest($1::bigint[]) as brand_key, unnest($2::bigint[]) as account_id, unnest($3::text[]) as status,
             unnest($4::text[]) as state, unnest($5::bigint[]) as lifetime, unnest($6::bigint[]) as lifetime_spend,
             unnest($7::bigint[]) as lifetime_spend_value, unnest($8::timestamptz[]) as updated_at,
             unnest($9::bigint[]) as version
    ) n
   where t.brand_key = n.brand_key and t.account_id = n.account_id and t.version = n.version
  returning 1
)
select ledger.refuse_stale(count(*), cardinality($2)),
       (select ledger.refuse_stale(count(*), cardinality($10::bigint[]))
          from (select unnest($10::bigint[]) as brand_key, unnest($11::bigint[]) as version) n
         where n.version = coalesce(
           (select s.version from wallet.brand_settings s where s.brand_key = n.brand_key), 0))
  from moved
