insert into events.outbox (brand_id, event_id, kind, subject, payload, created_at)
select u.*, $6 from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[]) as u
