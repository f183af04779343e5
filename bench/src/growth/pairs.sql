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
