-- The next outbox rows after $1, oldest first, with the transactions that they are rendered from, an entry a row.
with page as (
  select * from events.outbox
   where ($1::uuid is null or event_id > $1)
   order by event_id
   limit $2
)
select page.event_id, page.brand_id, page.kind, page.payload, page.created_at,
       t.transaction_id, t.type, t.external_ref, t.posted_at,
       e.account_id, e.amount, e.balance_after, e.memo, a.party_type, a.party_id
  from page
  left join lateral unnest(page.subjects) with ordinality as s (transaction_id, place) on true
  left join lateral (
       select * from ledger.transactions t
        where t.brand_id = page.brand_id and t.transaction_id = s.transaction_id
       offset 0
       ) t on true
  left join lateral (
       select * from ledger.entries e
        where e.brand_id = page.brand_id and e.transaction_id = t.transaction_id
       offset 0
       ) e on true
  left join lateral (
       select * from ledger.accounts a
        where a.brand_id = page.brand_id and a.account_id = e.account_id
       offset 0
       ) a on true
 order by page.event_id, s.place, e.line
