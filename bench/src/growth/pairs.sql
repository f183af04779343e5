-- Who pays whom, and where they stood.
create temporary table pairs as
with numbered as (
  select brand_key, account_id, posted, version,
         row_number() over (order by account_id) - 1 as number, count(*) over () / 2 as half
    from ledger.balances
)
select p.number as pair, p.brand_key,
       p.account_id as payer, p.posted as payer_posted, p.version as payer_version,
       q.account_id as payee, q.posted as payee_posted, q.version as payee_version
  from numbered p
  join numbered q on q.number = p.number + p.half
 where p.number < p.half
 order by p.number;
analyze pairs
