-- Why: what is sent behind a batch must not commit if that one has not, even if another process has left the same balances
-- Locks: nothing
--
-- A lane sends a batch behind another before that one is acknowledged, decided on what it leaves. If the one ahead
-- fails, because another process has answered its keys, the same balances may be there all the same: as much posted, by
-- as many entries. They are others' entries and lots. So each batch leaves its number in the session, which a rollback
-- takes back, and one that was sent behind it asks for that.
create function ledger.follow(ahead bigint, this bigint) returns void language plpgsql as $$
begin
  if ahead is not null and current_setting('zerosum.batch', true) is distinct from ahead::text then
    raise exception 'the batch ahead of this one was not committed' using errcode = 'ZS001';
  end if;
  if this is not null then
    perform set_config('zerosum.batch', this::text, false);
  end if;
end
$$;
