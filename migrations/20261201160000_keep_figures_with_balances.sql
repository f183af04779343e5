-- Why: a wallet call wrote two rows of each points account: its balance, and its figures with a version. They are one row now
-- Locks: ledger.balances and wallet.accounts, for as long as it takes to copy the figures of all points accounts
--
-- A service may keep four figures with a balance, of which the ledger knows nothing: they move with it, in one row.
-- Of a points account they are: points ever given, points ever spent, the money they gave, and the moment (microseconds
-- since 1970) that it was last changed.
alter table ledger.balances
  -- Moved on by whatever changes the account without an entry: a hold, its end, its figures, or something else that its
  -- service keeps of it. What was decided on a balance that a lane remembers is confirmed by it too: as much may be held
  -- by another hold.
  add column revision bigint not null default 0,
  add column figures bigint[];
grant update (revision, figures) on ledger.balances to zerosum_app;

update ledger.balances b
   set revision = a.version,
       figures = array[a.lifetime, a.lifetime_spend, a.lifetime_spend_value,
                       (extract(epoch from a.updated_at) * 1000000)::bigint]
  from wallet.accounts a
 where b.brand_key = a.brand_key and b.account_id = a.ledger_account;

alter table wallet.accounts
  drop column lifetime, drop column lifetime_spend, drop column lifetime_spend_value, drop column updated_at,
  drop column version;

-- The border to the ledger's tables gives the figures, too.
drop function wallet.balances_of(bigint, uuid);
create function wallet.balances_of(brand bigint, ledger_account uuid)
returns table (current bigint, locked bigint, figures bigint[]) language sql stable as $$
  select b.posted - coalesce(dead_lots.points, 0),
         b.held - coalesce(dead_holds.points, 0),
         b.figures
    from ledger.balances b
    left join lateral (
      select sum(h.amount)::bigint as points
        from ledger.holds h
       where h.brand_key = b.brand_key and h.account_id = b.account_id
         and h.status = 'open' and h.expires_at <= statement_timestamp()
    ) dead_holds on b.held > 0
    left join lateral (
      -- What a live lock holds of an expired lot can still be settled.
      select sum(l.remaining - least(l.held, coalesce(kept.points, 0)))::bigint as points
        from ledger.lots l
        left join lateral (
          select sum(part.points)::bigint as points
            from ledger.holds h
           cross join lateral unnest(h.lot_ids, h.lot_amounts) as part (lot_id, points)
           where h.brand_key = l.brand_key and h.account_id = l.account_id and h.status = 'open'
             and (h.expires_at is null or h.expires_at > statement_timestamp())
             and part.lot_id = l.lot_id
        ) kept on l.held > 0
       where l.brand_key = b.brand_key and l.account_id = b.account_id
         and l.live and l.expires_at <= statement_timestamp()
    ) dead_lots on true
   where b.brand_key = brand and b.account_id = ledger_account
$$;
revoke all on function wallet.balances_of(bigint, uuid) from public;
grant execute on function wallet.balances_of(bigint, uuid) to zerosum_app, zerosum_read;
