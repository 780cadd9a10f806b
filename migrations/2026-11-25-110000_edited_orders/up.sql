-- Orders are edited and cancelled, as long as nothing of them has left the shelf or come back.

-- What an order was worth does not become due again when it is cancelled, also where it was never invoiced.
ALTER TABLE orders
    DROP CONSTRAINT orders_paid_when_invoiced,
    ADD CONSTRAINT orders_paid_when_invoiced CHECK (invoiced_on IS NOT NULL
        OR (paid_minor = 0 AND (credited_minor = 0 OR cancelled_at IS NOT NULL))),
    ADD CONSTRAINT orders_cancelled_owe_nothing CHECK (cancelled_at IS NULL OR credited_minor = total_minor),
    ADD CONSTRAINT orders_cancelled_with_all_goods
        CHECK (cancelled_at IS NULL OR fulfilment_status = 'unfulfilled');
COMMENT ON COLUMN orders.credited_minor IS 'What credit notes took off the invoice that is in force; all of it when the order was cancelled.';
COMMENT ON COLUMN orders.cancelled_at IS 'When the order was cancelled; its lines and amounts stay as they were.';
GRANT UPDATE (customer_id, note, subtotal_minor, discount_minor, shipping_minor, shipping_tax_minor,
    shipping_tax_rate, tax_minor, total_minor, cost_minor, cancelled_at) ON orders TO countinghouse_app;

-- An edit writes all lines of an order anew; none is changed where it stands.
GRANT DELETE ON order_lines TO countinghouse_app;
CREATE FUNCTION refuse_changing_what_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders o JOIN removed l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
               WHERE o.cancelled_at IS NOT NULL OR o.fulfilment_status <> 'unfulfilled' OR EXISTS (
                   SELECT FROM returns r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id)) THEN
        RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = 'order_lines_stay_once_something_left',
            MESSAGE = 'lines of an order that was cancelled, or that something has left or come back of, stay as they are';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_changing_what_stands IS 'Trigger: lines are removed only from an order that may still be edited.';
CREATE TRIGGER order_lines_stay_once_something_left AFTER DELETE ON order_lines
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_what_stands();
REVOKE ALL ON FUNCTION refuse_changing_what_stands() FROM PUBLIC;

-- Edits stand in the session log too, beside the code that each of them took.
ALTER TABLE session_events DROP CONSTRAINT session_events_kind_known;
ALTER TABLE session_events ADD CONSTRAINT session_events_kind_known CHECK (kind IN (
    'login', 'login_failed', 'logout', 'refresh', 'refresh_reused', 'session_ended', 'password_changed',
    'second_factor_enrolled', 'second_factor_disabled', 'second_factor_reset', 'second_factor_used',
    'second_factor_failed', 'second_factor_locked', 'recovery_code_used', 'recovery_codes_renewed',
    'order_edited', 'order_cancelled')) NOT VALID;
ALTER TABLE session_events VALIDATE CONSTRAINT session_events_kind_known;
