-- Everything that follows from an account's entries, in one pass over them in the order of their versions:
-- C1 they are in the account's currency; C2 they sum to its posted balance and name lots where the account keeps lots;
-- C4 their versions are 1..n without a gap, each names the one before it, and the balance has the last one's version
-- and name; C5 no transaction left the balance beyond
-- its limits; C7 each balance_after is the one before it plus the amount.
-- Sums and steps are numeric, so that no planted figure can overflow them.
with chained as (
  select brand_key, account_id, version, amount, balance_after, currency, lot_id,
         lag(version, 1, 0::bigint) over versions as version_before,
         lag(balance_after, 1, 0::bigint) over versions as balance_before,
         (lag(transaction_id) over versions, lag(line) over versions)
           is distinct from (previous_transaction, previous_line) as unlinked,
         -- The name of the last entry; null of the others.
         case when lead(line) over versions is null then transaction_id || '-' || line end as last,
         -- Limits bind the balance after a whole transaction, not between its entries.
         lead(transaction_id) over versions is distinct from transaction_id as ends
    from ledger.entries
  window versions as (partition by brand_key, account_id order by version)
), folded as (
  select brand_key, account_id, count(*) as entries, count(lot_id) as of_lots,
         sum(amount) as posted, max(version) as version,
         min(version) filter (where version <> version_before + 1) as gap_at,
         min(version) filter (where version = version_before + 1 and unlinked) as unlinked_at,
         max(last collate "C") as last,
         min(version) filter (where balance_after::numeric <> balance_before::numeric + amount) as chain_at,
         min(balance_after) filter (where ends) as lowest,
         max(balance_after) filter (where ends) as highest,
         min(currency collate "C") as currency_first, max(currency collate "C") as currency_last
    from chained
   group by brand_key, account_id
), joined as (
  select coalesce(a.brand_key, b.brand_key, f.brand_key) as brand_key,
         coalesce(a.account_id, b.account_id, f.account_id) as account_id,
         a.account_id is null as no_account, b.account_id is null as no_balance,
         a.currency, a.keeps_lots, b.posted, b.held, b.version, b.floor, b.ceiling,
         b.last_transaction || '-' || b.last_line as balance_last, f.last, f.unlinked_at,
         coalesce(f.entries, 0) as entries, coalesce(f.of_lots, 0) as of_lots, coalesce(f.posted, 0) as folded,
         coalesce(f.version, 0) as version_last, f.gap_at, f.chain_at,
         least(f.lowest::numeric, b.posted::numeric - b.held) as lowest, greatest(f.highest, b.posted) as highest,
         f.currency_first, f.currency_last
    from ledger.accounts a
    full join ledger.balances b on b.brand_key = a.brand_key and b.account_id = a.account_id
    full join folded f
      on f.brand_key = coalesce(a.brand_key, b.brand_key) and f.account_id = coalesce(a.account_id, b.account_id)
), judged as (
  select *,
         currency_first <> currency or currency_last <> currency as wrong_currency,
         posted <> folded as wrong_posted,
         of_lots <> case when keeps_lots then entries else 0 end as wrong_lots,
         version <> version_last as wrong_version,
         version = version_last and balance_last is distinct from last as wrong_last,
         lowest < floor as below, highest > ceiling as above
    from joined
), problems as (
  select p.checker, j.brand_key, 'account ' || j.account_id as what, p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           ('C2', j.no_account, 'an account', 'none',
            'a balance or entries name an account that their brand does not have'),
           ('C2', j.no_balance, 'a balance', 'none', 'the account has no balance'),
           ('C1', j.wrong_currency, j.currency, concat_ws(' to ', j.currency_first, j.currency_last),
            'an entry is not in the currency of its account'),
           ('C2', j.wrong_posted, j.folded::text, j.posted::text, 'the posted balance is not the sum of the entries'),
           ('C2', j.wrong_lots, case when j.keeps_lots then j.entries else 0 end || ' entries with a lot',
            j.of_lots || ' entries with a lot', 'entries name a lot where, and only where, the account keeps lots'),
           ('C4', j.gap_at is not null, 'versions 1 to ' || j.entries, 'a step that is not 1 before version ' || j.gap_at,
            'the versions of the entries have a gap or a repetition'),
           ('C4', j.wrong_version, j.version_last::text, j.version::text,
            'the version of the balance is not that of the last entry'),
           ('C4', j.unlinked_at is not null, 'the one before it', 'another before version ' || j.unlinked_at,
            'an entry does not name the one before it'),
           ('C4', j.wrong_last, coalesce(j.last, 'none'), coalesce(j.balance_last, 'none'),
            'the balance does not name the last entry'),
           ('C5', j.below, 'at least ' || j.floor, j.lowest::text, 'the balance is or was below the floor'),
           ('C5', j.above, 'at most ' || j.ceiling, j.highest::text, 'the balance is or was above the ceiling'),
           ('C7', j.chain_at is not null, 'balance_after = the one before + amount', 'not so at version ' || j.chain_at,
            'the balances after the entries do not follow from their amounts')
         ) as p (checker, broken, expected, found, message)
   where (j.no_account or j.no_balance or j.wrong_currency or j.wrong_posted or j.wrong_lots or j.gap_at is not null
          or j.wrong_version or j.unlinked_at is not null or j.wrong_last or j.below or j.above or j.chain_at is not null)
     and p.broken
)
