-- Who signs for the brand ($1), under which id ($2) and secret ($3).
with settings as (
  insert into wallet.brand_settings (brand_id, unit_id, unit_name) values ($1, $1, $1)
)
insert into wallet.clients (brand_id, client_id, name, secret) values ($1, $2, 'bench', $3)
