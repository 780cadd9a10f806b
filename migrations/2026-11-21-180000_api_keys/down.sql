REVOKE INSERT (id, slug, name, currency, time_zone, created_at, updated_at) ON tenants FROM countinghouse_app;
DROP FUNCTION next_order_number(uuid, text, uuid, bigint, bigint, timestamptz, text, text);
DROP FUNCTION load_credential(uuid, text, uuid);
DROP FUNCTION begin_request(uuid, text, uuid, bigint, bigint, timestamptz);
DROP FUNCTION begin_api_key(uuid, uuid, bigint, bigint, timestamptz);
DROP TABLE api_keys;
