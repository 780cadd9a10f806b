-- Lines of kinds that the older schema does not know are lost.
DELETE FROM session_events WHERE kind IN ('order_edited', 'order_cancelled');
ALTER TABLE session_events DROP CONSTRAINT session_events_kind_known;
ALTER TABLE session_events ADD CONSTRAINT session_events_kind_known CHECK (kind IN (
    'login', 'login_failed', 'logout', 'refresh', 'refresh_reused', 'session_ended', 'password_changed',
    'second_factor_enrolled', 'second_factor_disabled', 'second_factor_reset', 'second_factor_used',
    'second_factor_failed', 'second_factor_locked', 'recovery_code_used', 'recovery_codes_renewed'));

DROP TRIGGER order_lines_stay_once_something_left ON order_lines;
DROP FUNCTION refuse_changing_what_stands();
REVOKE DELETE ON order_lines FROM countinghouse_app;

REVOKE UPDATE (customer_id, note, subtotal_minor, discount_minor, shipping_minor, shipping_tax_minor,
    shipping_tax_rate, tax_minor, total_minor, cost_minor, cancelled_at) ON orders FROM countinghouse_app;
COMMENT ON COLUMN orders.cancelled_at IS NULL;
COMMENT ON COLUMN orders.credited_minor IS 'What credit notes took off.';
ALTER TABLE orders
    DROP CONSTRAINT orders_cancelled_with_all_goods,
    DROP CONSTRAINT orders_cancelled_owe_nothing,
    DROP CONSTRAINT orders_paid_when_invoiced;
-- Orders that were cancelled without an invoice owe what they were worth again.
UPDATE orders SET credited_minor = 0 WHERE invoiced_on IS NULL AND credited_minor <> 0;
ALTER TABLE orders
    ADD CONSTRAINT orders_paid_when_invoiced
        CHECK (invoiced_on IS NOT NULL OR (paid_minor = 0 AND credited_minor = 0));
