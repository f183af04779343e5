-- How much the checks have looked at.
select (select count(*) from ledger.brands) as brands,
       (select count(*) from ledger.accounts) as accounts,
       (select count(*) from ledger.transactions) as transactions,
       (select count(*) from ledger.entries) as entries,
       (select count(*) from ledger.lots) as lots,
       (select count(*) from ledger.holds) as holds,
       (select count(*) from ledger.holds where status = 'open') as open_holds
