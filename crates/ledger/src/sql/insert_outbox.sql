insert into events.outbox (brand_id, event_id, kind, subjects, payload, created_at)
select u.brand_id, u.event_id, u.kind, u.subjects::uuid[], u.payload, $6
  from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as u (brand_id, event_id, kind, subjects, payload)
