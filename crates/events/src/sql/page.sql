-- The next outbox rows after $1, oldest first, with what they are rendered from: transactions, an entry a row, or the
-- outcome of the call that they tell of. Only the payload that names an answer is known to be JSON.
with page as (
  select *, case when payload like '{"answer":%' then payload::json -> 'answer' end as answer
    from events.outbox
   where ($1::uuid is null or event_id > $1)
   order by event_id
   limit $2
)
select page.event_id, brand.brand_id, page.kind, page.payload, page.created_at,
       t.transaction_id, t.type, t.external_ref, t.posted_at,
       e.account_id, e.amount, e.balance_after, e.memo, a.party_type, a.party_id,
       page.answer is not null as rendered, k.outcome
  from page
  join ledger.brands brand on brand.brand_key = page.brand_key
  left join lateral unnest(page.subjects) with ordinality as s (transaction_id, place) on true
  left join lateral (
       select * from ledger.transactions t
        where t.brand_key = page.brand_key and t.transaction_id = s.transaction_id
       offset 0
       ) t on true
  left join lateral (
       select * from ledger.entries e
        where e.brand_key = page.brand_key and e.transaction_id = t.transaction_id
       offset 0
       ) e on true
  left join lateral (
       select * from ledger.accounts a
        where a.brand_key = page.brand_key and a.account_id = e.account_id
       offset 0
       ) a on true
  left join lateral (
       select * from ledger.idempotency_keys k
        where k.brand_key = page.brand_key and k.name = ledger.key_name(page.answer ->> 'scope', page.answer ->> 'key')
          and not k.refused
       offset 0
       ) k on page.answer is not null
 order by page.event_id, s.place, e.line
