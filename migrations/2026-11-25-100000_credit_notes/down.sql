DROP TRIGGER orders_refunded_what_is_owed ON orders;
DROP TRIGGER orders_paid_what_is_due ON orders;
DROP FUNCTION refuse_settling_too_much();
REVOKE UPDATE (credited_minor) ON orders FROM countinghouse_app;
ALTER TABLE orders
    DROP CONSTRAINT orders_credited_what_was_sold,
    ADD CONSTRAINT orders_paid_what_is_due CHECK (paid_minor <= total_minor + refunded_minor);
