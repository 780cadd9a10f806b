-- Orders are credited: by credit notes, which have been a kind of invoice with a series of their own all
-- along. What may be paid and refunded is looked at when it happens; later the order may come to less.

ALTER TABLE orders
    DROP CONSTRAINT orders_paid_what_is_due,
    ADD CONSTRAINT orders_credited_what_was_sold CHECK (credited_minor <= total_minor);
GRANT UPDATE (credited_minor) ON orders TO countinghouse_app;

CREATE FUNCTION refuse_settling_too_much() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = TG_NAME,
        MESSAGE = 'order ' || NEW.number || ' owes ' || NEW.due_minor || ' after this: ' || TG_NAME;
END
$$;
COMMENT ON FUNCTION refuse_settling_too_much IS 'Trigger: an order is not paid more than it owes, nor refunded more than its customer is owed.';
CREATE TRIGGER orders_paid_what_is_due AFTER UPDATE OF paid_minor ON orders
    FOR EACH ROW WHEN (NEW.paid_minor > OLD.paid_minor AND NEW.due_minor < 0)
    EXECUTE FUNCTION refuse_settling_too_much();
CREATE TRIGGER orders_refunded_what_is_owed AFTER UPDATE OF refunded_minor ON orders
    FOR EACH ROW WHEN (NEW.refunded_minor > OLD.refunded_minor AND NEW.due_minor > 0)
    EXECUTE FUNCTION refuse_settling_too_much();
REVOKE ALL ON FUNCTION refuse_settling_too_much() FROM PUBLIC;
