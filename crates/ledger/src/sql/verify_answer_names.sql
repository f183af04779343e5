-- C3: every answer is filed under the name that its scope and key have; who asks by the key finds no other.
with problems as (
  select 'C3' as checker, brand_key, 'key ' || replace(key, chr(31), ' of ') || ' of ' || scope as what,
         ledger.key_name(scope, key)::text as expected, name::text as found,
         'the answer is filed under a name that is not its key''s' as message
    from ledger.idempotency_keys
   where name <> ledger.key_name(scope, key)
)
