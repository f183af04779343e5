-- What identity values, references and wallet ids lead to, each looked up once: wallets, their ledger accounts, the
-- holds of their locks which have run out or will before this batch has decided (and of the next ones whatever the
-- clock says), and the holds of the open children of the references that end with theirs.
-- A row is of one kind, and the columns that it has no use for are null.
with by_value as materialized (
  select i.*
    from unnest($1::text[], $2::text[]) as named (brand_id, value)
   cross join lateral (
     select i.brand_id, i.value, i.wallet_id
       from wallet.identities i
      where i.brand_id = named.brand_id and i.value = named.value
     offset 0
   ) i
), by_reference as materialized (
  select t.*
    from unnest($3::text[], $4::text[]) as named (brand_id, reference)
   cross join lateral (
     select t.brand_id, t.reference, t.wallet_id, t.hold_id, t.spend_posting
       from wallet.wallet_transactions t
      where t.brand_id = named.brand_id and t.reference = named.reference
     offset 0
   ) t
), named (brand_id, wallet_id) as materialized (
  select brand_id, wallet_id from by_value
  union
  select brand_id, wallet_id from by_reference
  union
  select * from unnest($5::text[], $6::bigint[])
)
select 'identity' as kind, v.brand_id, v.value as name, v.wallet_id, null::bigint as scheme_id, null::uuid as a,
       null::uuid as b, null::uuid as c, null::uuid as d
  from by_value v
union all
select 'reference', r.brand_id, r.reference, r.wallet_id, null, r.hold_id, r.spend_posting, null, null
  from by_reference r
union all
select 'account', a.brand_id, null, a.wallet_id, a.scheme_id, a.ledger_account, s.issue_account, s.redemption_account,
       s.expired_account
  from named
 cross join lateral (
   select * from wallet.accounts a where a.brand_id = named.brand_id and a.wallet_id = named.wallet_id offset 0
 ) a
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = a.brand_id and s.scheme_id = a.scheme_id offset 0
 ) s
union all
select 'lock', named.brand_id, null, named.wallet_id, null, locks.hold_id, null, null, null
  from named
 cross join lateral wallet.next_locks(named.brand_id, named.wallet_id, $7::bigint, $8::bigint) as locks
union all
select 'child', t.brand_id, t.reference, t.wallet_id, null, c.hold_id, null, null, null
  from unnest($9::text[], $10::text[]) as named (brand_id, reference)
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_id = named.brand_id and t.reference = named.reference
   offset 0
 ) t
 cross join lateral (
   select * from wallet.wallet_transactions c
    where c.brand_id = t.brand_id and c.parent_id = t.wallet_transaction_id and c.parent_id <> 0
      and c.status = 'ACTIVE' and c.hold_id is not null
   offset 0
 ) c
