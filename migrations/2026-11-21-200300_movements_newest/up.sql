-- All movements of a client, for their list.
CREATE INDEX CONCURRENTLY stock_movements_newest ON stock_movements (tenant_id, created_at DESC, id DESC);
