-- The next outbox rows after $1, oldest first, with what they are rendered from: for transactions an entry a row; for
-- events that a rule told one a row, with the outcome of the call that it tells of where the event names its answer.
--
-- A row that was written before events shared rows is one event, and its kind is the event's.
with page as (
  select brand_key, event_id, created_at, subjects,
         case when kind = 'events' then payload::json
              when payload is not null
              then json_build_array(json_build_object('kind', kind, 'told', payload::json)) end as events
    from events.outbox
   where event_id > $1
   order by event_id
   limit $2
)
select page.event_id, brand.brand_id, told.kind, told.payload::text, page.created_at,
       t.transaction_id, t.type, t.external_ref, t.posted_at,
       e.account_id, e.amount, e.balance_after, e.memo, a.party_type, a.party_id,
       told.answer is not null as rendered, k.outcome, told.place
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
       select event.place, event.told ->> 'kind' as kind, event.told -> 'told' as payload,
              event.told -> 'told' -> 'answer' as answer
         from json_array_elements(page.events) with ordinality as event (told, place)
       offset 0
       ) told on true
  left join lateral (
       select * from ledger.answers k
        where k.brand_key = page.brand_key and k.name = ledger.key_name(told.answer ->> 'scope', told.answer ->> 'key')
          and not k.refused
       offset 0
       ) k on told.answer is not null
 order by page.event_id, s.place, e.line, told.place
