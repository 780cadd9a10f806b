-- Products with a threshold of their own, for those that run low.
CREATE INDEX CONCURRENTLY products_with_threshold ON products (tenant_id, active, created_at DESC, id DESC)
    WHERE low_stock_threshold IS NOT NULL;
