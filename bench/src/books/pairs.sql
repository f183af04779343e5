-- The name of what a pair posts in a round: of version 7 in form. Ten seconds lie between two rounds, from 2025 on.
create function pg_temp.posting_id(round bigint, pair bigint) returns uuid language sql immutable as $$
  select (lpad(to_hex(1735689600000 + round * 10000), 12, '0') || '70008000' || lpad(to_hex(pair), 12, '0'))::uuid
$$;
-- Who pays whom, and where they stood.
create temporary table pairs as
with numbered as (
  select brand_key, account_id, posted, version, last_transaction, last_line,
         row_number() over (order by account_id) - 1 as number, count(*) over () / 2 as half
    from ledger.balances
)
select p.number as pair, p.brand_key,
       p.account_id as payer, p.posted as payer_posted, p.version as payer_version,
       p.last_transaction as payer_last, p.last_line as payer_line,
       q.account_id as payee, q.posted as payee_posted, q.version as payee_version,
       q.last_transaction as payee_last, q.last_line as payee_line
  from numbered p
  join numbered q on q.number = p.number + p.half
 where p.number < p.half
 order by p.number;
analyze pairs
