-- One process at a time replaces the rules of a brand: without it, two that do so at once would leave a mixture. A
-- statement of its own, because a wait inside the next one would not refresh what that one sees. In key order.
select count(pg_advisory_xact_lock(hashtextextended('wallet.permission_rules ' || named.brand_key, 0)))
  from (select distinct brand_key from (select unnest($1::bigint[]) as brand_key) of order by brand_key) named
