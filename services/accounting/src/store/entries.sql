-- Entries of an account below version $3, newest first: a walk from one to the one before it.
with recursive walk as (
  select entry.*, case when entry.version < $3 then 1 else 0 end::bigint as found
    from ledger.history_below($1, $2, $3) begin
   cross join lateral (
         select * from ledger.entries entry
          where entry.brand_key = $1 and entry.transaction_id = begin.transaction_id and entry.line = begin.line
         offset 0
         ) entry
  union all
  select entry.*, walk.found + case when entry.version < $3 then 1 else 0 end
    from walk
   cross join lateral (
         select * from ledger.entries entry
          where entry.brand_key = $1
            and entry.transaction_id = walk.previous_transaction and entry.line = walk.previous_line
         offset 0
         ) entry
   where walk.found < $4
)
select version, transaction_id, line, amount, memo, posted_at
  from walk
 where version < $3
 order by version desc
