-- C3 for wallet-spend: every answer names wallet transactions and account transactions that exist, says of them what
-- their rows say, and is the answer to the reference that is its key. A row of account_transactions never changes. Of a
-- wallet transaction some things never do, some not once it is more than an open purchase, and the rest not once it has
-- ended; what may have changed since is not compared. What an answer says of wallets, identities, accounts and schemes
-- is not looked at. A transaction is looked up by its wallet or account too, as its key begins with it: of another one's
-- it is told that the books do not have it.
-- Answers are read one after the other and never written down, as in verify_answers.sql.
with said as (
  select k.brand_key, k.scope, k.key, o.name, o.answer
    from ledger.answers k
    -- None, if it is not in the row that it shares.
    left join lateral jsonb_each(k.outcome::jsonb) as o (name, answer) on true
   where not k.refused and k.scope like 'wallet-spend%'
), told as (
  -- Every transaction that is told of, out of one reading of each answer.
  select s.brand_key, s.scope, s.key, n.of_account,
         -- What ends or refunds something is its key's first part; an open's key is none of its references.
         n.first and s.scope like 'wallet-spend/%' and s.name <> 'Opened' as answers_key, t.*
    from said s
   cross join lateral (
     select s.answer -> 'transaction' as row, false as of_account, true as first
      where s.name in ('Spent', 'Voided', 'Refunded')
     union all
     -- An answer may have none.
     select s.answer -> of.field, false, true
       from (values ('Opened', 'transaction'), ('Settled', 'parent'), ('Unlocked', 'parent')) as of (name, field)
      where of.name = s.name and jsonb_typeof(s.answer -> of.field) = 'object'
     union all
     select s.answer, false, false where s.name = 'Annotated' or s.name is null
     union all
     select c.child, false, c.place = 1 and jsonb_typeof(s.answer -> 'parent') is distinct from 'object'
       from jsonb_array_elements(s.answer -> 'children') with ordinality as c (child, place)
      where s.name = 'Settled'
     union all
     select p.row, p.of_account, false
       from jsonb_array_elements(s.answer -> 'children') as c (child)
      cross join lateral (values (c.child -> 'transaction', false), (c.child -> 'moved' -> 'transaction', true))
         as p (row, of_account)
      where s.name = 'Unlocked'
     union all
     select s.answer -> 'transaction', true, false where s.name = 'Adjusted'
     union all
     select s.answer -> 'moved' -> 'transaction', true, false where s.name = 'Voided'
     union all
     select m.row, true, false from jsonb_array_elements(s.answer -> 'account_transactions') as m (row)
      where s.name = 'Spent'
     union all
     select m.moved -> 'transaction', true, false from jsonb_array_elements(s.answer -> 'moved') as m (moved)
      where s.name in ('Settled', 'Refunded')
   ) n
   cross join lateral jsonb_to_record(n.row) as t (
     -- Of both.
     id bigint, parent bigint, wallet bigint, account bigint,
     -- Of a wallet transaction.
     reference text, kind text, status text, points bigint, money bigint, points_back bigint, results jsonb,
     settled_points bigint, settled_money bigint, hold uuid, lock_transaction bigint, closing_transaction bigint,
     spend_posting uuid, original bigint, created_at timestamptz,
     -- Of an account transaction.
     wallet_transaction bigint, event text, value bigint, current_before bigint, current_after bigint,
     lifetime_before bigint, lifetime_after bigint, posting uuid, at timestamptz)
), judged as (
  select t.brand_key, t.scope, t.key, j.told, j.missing, j.differs
    from told t
   cross join lateral (
     select 'wallet transaction ' || coalesce(t.id::text, 'without an id') as told,
            x.wallet_transaction_id is null as missing,
            (x.type, x.account_id, x.money, x.points_back, x.hold_id, x.lock_transaction, x.original_id, x.created_at)
            is distinct from
            (t.kind, t.account, z.money, z.points_back, t.hold, t.lock_transaction, t.original, t.created_at)
            -- Another open may have taken its reference; what it gave is its points once it is settled.
            or not z.open and (x.reference, x.points) is distinct from (t.reference, z.points)
            or z.ended
               and (x.parent_id, x.status, x.settled_points, x.settled_money, x.closing_transaction, x.spend_posting,
                    coalesce(x.results, array_fill(null::bigint, array[6])))
                   is distinct from
                   (coalesce(t.parent, 0), t.status, z.settled_points, z.settled_money, t.closing_transaction,
                    t.spend_posting, z.figures)
            or not z.ended and t.kind = 'SPEND' and t.status = 'ACTIVE'
               and z.figures is distinct from array[x.points, 0, 0, 0, 0, x.money]
            or t.answers_key and t.reference is distinct from split_part(t.key, chr(31), 1) as differs
       -- An answer leaves its zeros out.
       from (
         select t.kind = 'SETTLE' and t.status = 'ACTIVE' as open,
                t.status in ('SETTLED', 'VOIDED', 'CANCELLED') as ended,
                coalesce(t.points, 0) as points, coalesce(t.money, 0) as money,
                coalesce(t.points_back, 0) as points_back, coalesce(t.settled_points, 0) as settled_points,
                coalesce(t.settled_money, 0) as settled_money,
                array(select case when t.results is not null then coalesce((t.results ->> f.name)::bigint, 0) end
                        from unnest(array['spend', 'debit', 'refund', 'earn', 'credit', 'money'])
                          with ordinality as f (name, place)
                       order by f.place) as figures
       ) z
       left join wallet.wallet_transactions x
         on x.brand_key = t.brand_key and x.wallet_id = t.wallet and x.wallet_transaction_id = t.id
      where not t.of_account
     union all
     select 'account transaction ' || coalesce(t.id::text, 'without an id'),
            x.account_transaction_id is null,
            (x.parent_id, x.wallet_id, x.wallet_transaction_id, x.event, x.value, x.current_before, x.current_after,
             x.lifetime_before, x.lifetime_after, x.posting, x.created_at)
            is distinct from
            (coalesce(t.parent, 0), t.wallet, coalesce(t.wallet_transaction, 0), t.event, t.value, t.current_before,
             t.current_after, coalesce(t.lifetime_before, 0), coalesce(t.lifetime_after, 0), t.posting, t.at)
       from (values (true)) as one (row)
       left join wallet.account_transactions x
         on x.brand_key = t.brand_key and x.account_id = t.account and x.account_transaction_id = t.id
      where t.of_account
   ) j
)
