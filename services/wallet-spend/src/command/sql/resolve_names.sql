-- What identity values, references and wallet ids lead to, each looked up once: wallets, their ledger accounts, the
-- holds of their locks that have run out or will within the minute, before this batch has decided, and the holds of
-- the open spends of the purchases that end with theirs.
-- A row is of one kind, and the columns that it has no use for are null.
with by_value as materialized (
  select i.*
    from unnest($1::text[], $2::text[]) as named (brand_id, value)
   cross join lateral (
     select i.brand_id, i.value, i.identity_id, i.wallet_id
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
), named (brand_id, wallet_id) as (
  select brand_id, wallet_id from by_value
  union
  select brand_id, wallet_id from by_reference
  union
  select * from unnest($5::text[], $6::bigint[])
), account as materialized (
  select a.*
    from named
   cross join lateral (
     select a.brand_id, a.wallet_id, a.scheme_id, a.ledger_account
       from wallet.accounts a
      where a.brand_id = named.brand_id and a.wallet_id = named.wallet_id
     offset 0
   ) a
)
select 'identity' as kind, v.brand_id, v.value as name, v.wallet_id, v.identity_id as number, null::uuid as a,
       null::uuid as b
  from by_value v
union all
select 'reference', r.brand_id, r.reference, r.wallet_id, null, r.hold_id, r.spend_posting
  from by_reference r
union all
select 'account', a.brand_id, null, a.wallet_id, a.scheme_id, a.ledger_account, null
  from account a
union all
select 'lock', a.brand_id, null, a.wallet_id, null, due.hold_id, null
  from account a
 cross join lateral (
   select h.hold_id
     from ledger.holds h
    where h.brand_id = a.brand_id and h.account_id = a.ledger_account and h.status = 'open'
      and h.expires_at <= coalesce($7::timestamptz, statement_timestamp()) + interval '1 minute'
    order by h.expires_at
    limit $8::bigint
 ) due
union all
select 'child', t.brand_id, t.reference, t.wallet_id, null, c.hold_id, null
  from unnest($9::text[], $10::text[]) as named (brand_id, reference)
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_id = named.brand_id and t.reference = named.reference
   offset 0
 ) t
 cross join lateral (
   select * from wallet.wallet_transactions c
    where c.brand_id = t.brand_id and c.begun_in = t.wallet_transaction_id
      and c.status = 'ACTIVE' and c.hold_id is not null
   offset 0
 ) c
