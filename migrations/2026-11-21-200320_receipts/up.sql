-- What came in, for the age of what lies there.
CREATE INDEX CONCURRENTLY stock_movements_received ON stock_movements (tenant_id, product_id, created_at DESC, id DESC)
    INCLUDE (quantity) WHERE quantity > 0;
