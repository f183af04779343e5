-- The settings of the brands of a batch.
select s.brand_key, s.unit_id, s.unit_name, s.environment_type, s.subsystem_id, s.mobile_wallet_url, s.lock_seconds,
       s.refund_grace_days, s.version
  from wallet.brand_settings s
 where s.brand_key = any ($1::bigint[])
