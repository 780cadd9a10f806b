-- Sales are most of what moves, and found by the list of all; the other kinds are few.
CREATE INDEX CONCURRENTLY stock_movements_of_kind ON stock_movements (tenant_id, kind, created_at DESC, id DESC)
    WHERE kind <> 'sale';
