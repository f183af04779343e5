-- The ledger accounts of every wallet that is named in any way.
with named (brand_id, wallet_id) as (
  select i.brand_id, i.wallet_id
    from unnest($1::text[], $2::text[]) as n (brand_id, value)
   cross join lateral (
     select * from wallet.identities i where i.brand_id = n.brand_id and i.value = n.value offset 0
   ) i
  union
  select t.brand_id, t.wallet_id
    from unnest($3::text[], $4::text[]) as n (brand_id, reference)
   cross join lateral (
     select * from wallet.wallet_transactions t
      where t.brand_id = n.brand_id and t.reference = n.reference
     offset 0
   ) t
  union
  select n.brand_id, n.wallet_id
    from unnest($5::text[], $6::bigint[]) as n (brand_id, wallet_id)
)
select a.brand_id, a.wallet_id, a.ledger_account, a.scheme_id, s.issue_account, s.redemption_account,
       s.expired_account
  from named
 cross join lateral (
   select * from wallet.accounts a where a.brand_id = named.brand_id and a.wallet_id = named.wallet_id offset 0
 ) a
 cross join lateral (
   select * from wallet.schemes s where s.brand_id = a.brand_id and s.scheme_id = a.scheme_id offset 0
 ) s
