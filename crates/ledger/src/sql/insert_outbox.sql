insert into events.outbox (brand_key, event_id, kind, subjects, payload, created_at)
select u.brand_key, u.event_id, u.kind, u.subjects::uuid[], u.payload, $6
  from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as u (brand_key, event_id, kind, subjects, payload)
