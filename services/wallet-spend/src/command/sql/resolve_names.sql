-- What identity values, references and wallet ids lead to: wallets, their ledger accounts with the holds of their locks
-- that have run out or will soon, before this batch has decided; and the holds of the open spends of the
-- purchases that end with theirs.
-- A row is of one kind, and the columns that it has no use for are null. An account comes once for each of its holds.
select 'identity' as kind, i.brand_key, i.value as name, i.wallet_id, i.identity_id, a.scheme_id, a.ledger_account,
       due.hold_id, null::uuid as posting
  from (select unnest($1::bigint[]) as brand_key, unnest($2::text[]) as value) named
 cross join lateral (
   select * from wallet.identities i where i.brand_key = named.brand_key and i.value = named.value offset 0
 ) i
  left join lateral (
   select * from wallet.accounts a where a.brand_key = i.brand_key and a.wallet_id = i.wallet_id offset 0
 ) a on true
  left join lateral (
   select h.hold_id
     from ledger.holds h
    where h.brand_key = a.brand_key and h.account_id = a.ledger_account and h.status = 'open'
      and h.expires_at <= coalesce($7::timestamptz, statement_timestamp()) + $11::bigint * interval '1 second'
    order by h.expires_at
    limit $8::bigint
 ) due on true
union all
select 'reference', t.brand_key, t.reference, t.wallet_id, null, null, null, t.hold_id, t.spend_posting
  from (select unnest($3::bigint[]) as brand_key, unnest($4::text[]) as reference) named
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_key = named.brand_key and t.reference = named.reference
   offset 0
 ) t
union all
select 'account', a.brand_key, null, a.wallet_id, null, a.scheme_id, a.ledger_account, due.hold_id, null
  from (
    select unnest($5::bigint[]), unnest($6::bigint[])
    union all
    -- Of the wallets of references too: a reference may be all that names its wallet, and what is read of a wallet is
    -- confirmed by the balances of its accounts.
    select t.brand_key, t.wallet_id
      from (select unnest($3::bigint[]) as brand_key, unnest($4::text[]) as reference) named
     cross join lateral (
       select * from wallet.wallet_transactions t
        where t.brand_key = named.brand_key and t.reference = named.reference
       offset 0
     ) t
  ) as named (brand_key, wallet_id)
 cross join lateral (
   select * from wallet.accounts a where a.brand_key = named.brand_key and a.wallet_id = named.wallet_id offset 0
 ) a
  left join lateral (
   select h.hold_id
     from ledger.holds h
    where h.brand_key = a.brand_key and h.account_id = a.ledger_account and h.status = 'open'
      and h.expires_at <= coalesce($7::timestamptz, statement_timestamp()) + $11::bigint * interval '1 second'
    order by h.expires_at
    limit $8::bigint
 ) due on true
union all
select 'child', t.brand_key, t.reference, t.wallet_id, null, null, null, c.hold_id, null
  from (select unnest($9::bigint[]) as brand_key, unnest($10::text[]) as reference) named
 cross join lateral (
   select * from wallet.wallet_transactions t
    where t.brand_key = named.brand_key and t.reference = named.reference
   offset 0
 ) t
 cross join lateral (
   select * from wallet.wallet_transactions c
    where c.brand_key = t.brand_key and c.begun_in = t.wallet_transaction_id
      and c.status = 'ACTIVE' and c.hold_id is not null
   offset 0
 ) c
