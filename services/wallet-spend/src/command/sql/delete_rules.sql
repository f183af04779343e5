-- The rules of the brands that have set theirs anew.
delete from wallet.permission_rules r
 where r.brand_key = any ($1::bigint[])
