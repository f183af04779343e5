-- Blocks of decimal ids; each is the first of a thousand.
select n.place, nextval(n.sequence::regclass)
  from (select unnest($1::text[]) as sequence, unnest($2::integer[]) as place, unnest($3::bigint[]) as blocks) n
 cross join lateral generate_series(1, n.blocks)
