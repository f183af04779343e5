-- The rules of the brands that have set theirs anew.
delete from wallet.permission_rules r
 where r.brand_id = any ($1::text[])
