-- What was paid back within some days, for the dashboard; most of the table is payments.
CREATE INDEX CONCURRENTLY payments_refunded ON payments (tenant_id, received_at) INCLUDE (amount_minor)
    WHERE kind = 'refund';
