-- C3: every answer is filed under the name that its scope and key have; who asks by the key finds no other. And it is there:
-- of an outcome that shares a row its own row says only where.
with problems as (
  select 'C3' as checker, brand_key, 'key ' || replace(key, chr(31), ' of ') || ' of ' || scope as what,
         ledger.key_name(scope, key)::text as expected, name::text as found,
         'the answer is filed under a name that is not its key''s' as message
    from ledger.idempotency_keys
   where name <> ledger.key_name(scope, key)
  union all
  select 'C3', k.brand_key, 'key ' || replace(k.key, chr(31), ' of ') || ' of ' || k.scope, k.outcome, 'none',
         'the answer is not where its key says'
    from ledger.idempotency_keys k
   where left(k.outcome, 1) = '['
     and not exists (select from ledger.shared_outcomes s
                      where s.shared_id = (k.outcome::json ->> 0)::uuid and s.brand_key = k.brand_key)
)
