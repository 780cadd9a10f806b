-- What a product is called, for search with typing errors. Little waits in the index's list of what is
-- new, since each search reads all of that list.
CREATE INDEX CONCURRENTLY products_names_trigrams
    ON products USING gin (tenant_id, (sku || ' ' || name || ' ' || coalesce(barcode, '')) gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);
