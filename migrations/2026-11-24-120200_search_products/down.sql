-- The schema's owner may drop what others own in it.
DROP FUNCTION products_with(text[], boolean, timestamptz, uuid, bigint);
DROP FUNCTION products_like(text, boolean, bigint);
REVOKE SELECT (tenant_id, id, sku, name, barcode, description, active, created_at) ON products FROM countinghouse_search;
DROP POLICY search_all ON products;
