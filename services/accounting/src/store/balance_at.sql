-- The posted balance of an account at the end of moment $3.
select ledger.balance_at($1, $2, $3) as posted
