-- What is said of a product, for search with typing errors.
CREATE INDEX CONCURRENTLY products_description_trigrams
    ON products USING gin (tenant_id, description gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);
