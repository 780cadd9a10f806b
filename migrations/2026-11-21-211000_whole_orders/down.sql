-- Orders and lines keep what was sold; customers, discounts, shipping and payments are lost.
DROP TRIGGER customers_erased ON customers;
DROP FUNCTION erase_customer_from_orders();
REVOKE UPDATE (customer, billing_address, shipping_address, invoiced_on, due_date, paid_minor, refunded_minor,
    fulfilment_status, version, updated_at) ON orders FROM countinghouse_app;
DROP INDEX orders_newest, orders_of_channel, orders_of_reference, orders_of_state, orders_of_payment_status,
    orders_of_fulfilment_status, orders_of_customer, orders_of_email, orders_of_erp_synced;
CREATE INDEX orders_newest ON orders (tenant_id, created_at DESC, id DESC);
CREATE INDEX orders_newest_of_channel ON orders (tenant_id, channel, created_at DESC, id DESC);
COMMENT ON COLUMN order_lines.net_minor IS 'Quantity times price, before tax.';
ALTER TABLE order_lines DROP COLUMN discount_minor, DROP COLUMN discount_pct;
ALTER TABLE orders
    DROP COLUMN state, DROP COLUMN payment_status, DROP COLUMN due_minor, DROP COLUMN erp_synced,
    DROP COLUMN fulfilment_status, DROP COLUMN refunded_minor, DROP COLUMN paid_minor, DROP COLUMN credited_minor,
    DROP COLUMN cancelled_at, DROP COLUMN due_date, DROP COLUMN invoiced_on, DROP COLUMN shipping_tax_rate,
    DROP COLUMN shipping_tax_minor, DROP COLUMN prices_include_tax, DROP COLUMN commission_rate,
    DROP COLUMN sales_person_id, DROP COLUMN shipping_address, DROP COLUMN billing_address,
    DROP COLUMN customer_email, DROP COLUMN customer, DROP COLUMN customer_id, DROP COLUMN ordered_at;
UPDATE orders SET subtotal_minor = subtotal_minor - discount_minor + shipping_minor;
ALTER TABLE orders
    DROP COLUMN discount_minor, DROP COLUMN shipping_minor,
    ALTER COLUMN status DROP DEFAULT,
    ADD CONSTRAINT orders_total_adds_up CHECK (total_minor = subtotal_minor + tax_minor);
COMMENT ON COLUMN orders.status IS NULL;
COMMENT ON COLUMN orders.subtotal_minor IS NULL;
COMMENT ON COLUMN orders.tax_minor IS NULL;
