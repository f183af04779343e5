-- Blocks of decimal ids; each is the first of a thousand.
select n.place, nextval(n.sequence::regclass)
  from unnest($1::text[], $2::integer[], $3::bigint[]) as n (sequence, place, blocks)
 cross join lateral generate_series(1, n.blocks)
