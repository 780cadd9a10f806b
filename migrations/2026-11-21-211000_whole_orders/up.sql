-- Orders whole: who bought, discounts and shipping, and how far an order has come.
--
-- Orders change now: they are invoiced, paid and fulfilled. What they sold stays as it was.

ALTER TABLE orders
    ADD COLUMN ordered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN customer_id uuid,
    ADD COLUMN customer jsonb,
    ADD COLUMN customer_email text GENERATED ALWAYS AS (lower(customer ->> 'email')) STORED,
    ADD COLUMN billing_address jsonb,
    ADD COLUMN shipping_address jsonb,
    ADD COLUMN sales_person_id uuid,
    ADD COLUMN commission_rate integer NOT NULL DEFAULT 0
        CONSTRAINT orders_commission_bounds CHECK (commission_rate BETWEEN 0 AND 1000000),
    ADD COLUMN prices_include_tax boolean NOT NULL DEFAULT false,
    ADD COLUMN discount_minor bigint NOT NULL DEFAULT 0
        CONSTRAINT orders_discount_bounds CHECK (discount_minor BETWEEN 0 AND 10000000000000),
    ADD COLUMN shipping_minor bigint NOT NULL DEFAULT 0
        CONSTRAINT orders_shipping_bounds CHECK (shipping_minor BETWEEN 0 AND 10000000000000),
    ADD COLUMN shipping_tax_minor bigint NOT NULL DEFAULT 0
        CONSTRAINT orders_shipping_tax_bounds CHECK (shipping_tax_minor BETWEEN 0 AND tax_minor),
    ADD COLUMN shipping_tax_rate integer NOT NULL DEFAULT 0
        CONSTRAINT orders_shipping_tax_rate_bounds CHECK (shipping_tax_rate BETWEEN 0 AND 1000000),
    ADD COLUMN invoiced_on date,
    ADD COLUMN due_date date,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN credited_minor bigint NOT NULL DEFAULT 0 CONSTRAINT orders_credited_not_negative CHECK (credited_minor >= 0),
    ADD COLUMN paid_minor bigint NOT NULL DEFAULT 0 CONSTRAINT orders_paid_not_negative CHECK (paid_minor >= 0),
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0 CONSTRAINT orders_refunded_not_negative CHECK (refunded_minor >= 0),
    ADD COLUMN fulfilment_status text NOT NULL DEFAULT 'unfulfilled' CONSTRAINT orders_fulfilment_status_known
        CHECK (fulfilment_status IN ('unfulfilled', 'partly_fulfilled', 'fulfilled')),
    ADD COLUMN erp_synced boolean NOT NULL DEFAULT false;
-- Derived, and so never at odds with what they are derived from.
ALTER TABLE orders
    ADD COLUMN due_minor bigint NOT NULL
        GENERATED ALWAYS AS (total_minor - credited_minor - paid_minor + refunded_minor) STORED,
    ADD COLUMN payment_status text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN paid_minor > 0 AND refunded_minor = paid_minor THEN 'refunded'
        WHEN total_minor - credited_minor - paid_minor + refunded_minor <= 0 THEN 'paid'
        WHEN paid_minor > refunded_minor THEN 'partly_paid'
        ELSE 'unpaid' END) STORED,
    ADD COLUMN state text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN invoiced_on IS NULL THEN 'placed'
        WHEN fulfilment_status = 'fulfilled'
            AND total_minor - credited_minor - paid_minor + refunded_minor <= 0 THEN 'completed'
        ELSE 'invoiced' END) STORED;
UPDATE orders SET ordered_at = created_at;
ALTER TABLE orders
    ALTER COLUMN status SET DEFAULT 'placed',
    DROP CONSTRAINT orders_total_adds_up,
    ADD CONSTRAINT orders_total_adds_up
        CHECK (total_minor = subtotal_minor - discount_minor + shipping_minor + tax_minor),
    ADD CONSTRAINT orders_discount_is_part CHECK (discount_minor <= subtotal_minor),
    ADD CONSTRAINT orders_invoiced_with_due_date CHECK ((invoiced_on IS NULL) = (due_date IS NULL)),
    ADD CONSTRAINT orders_paid_when_invoiced CHECK (invoiced_on IS NOT NULL OR (paid_minor = 0 AND credited_minor = 0)),
    ADD CONSTRAINT orders_paid_what_is_due CHECK (paid_minor <= total_minor + refunded_minor),
    ADD CONSTRAINT orders_refunded_what_was_paid CHECK (refunded_minor <= paid_minor),
    ADD FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    ADD CONSTRAINT orders_sales_person_fkey FOREIGN KEY (tenant_id, sales_person_id) REFERENCES users (tenant_id, id);
COMMENT ON COLUMN orders.status IS 'Always placed: what yesterday''s binary writes and reads. The status that people see is state.';
COMMENT ON COLUMN orders.state IS 'How far the order has come; follows from the other columns.';
COMMENT ON COLUMN orders.ordered_at IS 'When it was ordered; before created_at for one that was entered later. Lists go by it.';
COMMENT ON COLUMN orders.customer IS 'The customer as they were; erased with them.';
COMMENT ON COLUMN orders.customer_email IS 'Lower case, to find orders by.';
COMMENT ON COLUMN orders.commission_rate IS 'The client''s sales_commission_pct of that moment.';
COMMENT ON COLUMN orders.prices_include_tax IS 'Whether unit prices and shipping were given with their tax; all other amounts are net.';
COMMENT ON COLUMN orders.subtotal_minor IS 'What was sold, before discount and tax.';
COMMENT ON COLUMN orders.shipping_minor IS 'Before tax.';
COMMENT ON COLUMN orders.tax_minor IS 'Of the lines and of shipping.';
COMMENT ON COLUMN orders.invoiced_on IS 'The date of the invoice that is in force.';
COMMENT ON COLUMN orders.credited_minor IS 'What credit notes took off.';
COMMENT ON COLUMN orders.due_minor IS 'What the customer owes; negative when they are owed.';

ALTER TABLE order_lines
    ADD COLUMN discount_pct integer NOT NULL DEFAULT 0
        CONSTRAINT order_lines_discount_pct_bounds CHECK (discount_pct BETWEEN 0 AND 1000000),
    ADD COLUMN discount_minor bigint NOT NULL DEFAULT 0
        CONSTRAINT order_lines_discount_not_negative CHECK (discount_minor >= 0);
COMMENT ON COLUMN order_lines.net_minor IS 'After the discount, before tax.';
COMMENT ON COLUMN order_lines.discount_minor IS 'Before tax: net and discount together are what was sold.';

-- Lists go by the day of the order now, each filter with an index in that order.
DROP INDEX orders_newest, orders_newest_of_channel;
CREATE INDEX orders_newest ON orders (tenant_id, ordered_at DESC, id DESC);
CREATE INDEX orders_of_channel ON orders (tenant_id, channel, ordered_at DESC, id DESC);
CREATE INDEX orders_of_reference ON orders (tenant_id, external_reference) WHERE external_reference IS NOT NULL;
CREATE INDEX orders_of_state ON orders (tenant_id, state, ordered_at DESC, id DESC);
CREATE INDEX orders_of_payment_status ON orders (tenant_id, payment_status, ordered_at DESC, id DESC);
CREATE INDEX orders_of_fulfilment_status ON orders (tenant_id, fulfilment_status, ordered_at DESC, id DESC);
CREATE INDEX orders_of_customer ON orders (tenant_id, customer_id, ordered_at DESC, id DESC)
    WHERE customer_id IS NOT NULL;
CREATE INDEX orders_of_email ON orders (tenant_id, customer_email, ordered_at DESC, id DESC)
    WHERE customer_email IS NOT NULL;
CREATE INDEX orders_of_erp_synced ON orders (tenant_id, erp_synced, ordered_at DESC, id DESC);

-- What may change of an order; what it sold may not.
GRANT UPDATE (customer, billing_address, shipping_address, invoiced_on, due_date, paid_minor, refunded_minor,
    fulfilment_status, version, updated_at) ON orders TO countinghouse_app;

-- Whoever is erased is erased from their orders in the same statement.
CREATE FUNCTION erase_customer_from_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders SET customer = NULL, billing_address = NULL, shipping_address = NULL,
            version = version + 1, updated_at = NEW.updated_at
        WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION erase_customer_from_orders IS 'Trigger: an erased customer is erased from their orders.';
CREATE TRIGGER customers_erased AFTER UPDATE OF erased_at ON customers
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL)
    EXECUTE FUNCTION erase_customer_from_orders();
