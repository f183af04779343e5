-- Goes on where a check of answers has `judged` what each of them tells.
, problems as (
  -- A key of wallet-spend may have a separator in it, which is no character to print.
  select 'C3' as checker, j.brand_key, 'key ' || replace(j.key, chr(31), ' of ') || ' of ' || j.scope as what,
         p.expected, p.found, p.message
    from judged j
   cross join lateral (values
           (j.missing, j.told, 'none', 'the answer names something that the books do not have'),
           (j.differs and not j.missing, j.told || ' as it was done', 'another',
            'the answer differs from what was done')
         ) as p (broken, expected, found, message)
   where (j.missing or j.differs) and p.broken
)
