-- Why: rows of many brands go to the end of their index, and a page of events is read from where it begins
-- Locks: entries and events, against writes while their indexes are built anew, and against reads for the moment in which they replace the old ones
--
-- Entries and events are found by ids that ascend in time, whatever their brand. Led by the brand, the rows of a hundred
-- brands went to a hundred places in the middle of the index, each found by a descent, and left its pages half empty.
-- And events are sent in the order of their ids: each page of them sorted the whole outbox.
-- The brand stays a part of the key, so rows can still be spread over machines by it.
create unique index entries_by_id on ledger.entries (transaction_id, line, brand_key);
create unique index outbox_by_id on events.outbox (event_id, brand_key);

-- Both are built before either is put in its place: from here on reads wait.
alter table ledger.entries drop constraint entries_pkey;
alter table ledger.entries add constraint entries_pkey primary key using index entries_by_id;
alter table events.outbox drop constraint outbox_pkey;
alter table events.outbox add constraint outbox_pkey primary key using index outbox_by_id;
