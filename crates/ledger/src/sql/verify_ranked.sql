-- The end of every check: so many of the problems of each checker, and how many there are.
select *
  from (select p.*, count(*) over (partition by checker) as total,
               row_number() over (partition by checker order by brand_key, what) as place
          from problems p) ranked
 where place <= $1
