-- Who signs for the brand ($1), under which id ($2) and secret ($3).
with settings as (
  insert into wallet.brand_settings (brand_key, unit_id, unit_name) values (ledger.brand_key($1), $1, $1)
)
insert into wallet.clients (brand_key, client_id, name, secret) values (ledger.brand_key($1), $2, 'bench', $3)
