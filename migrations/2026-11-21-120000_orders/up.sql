-- Orders with their lines, and the counter of their numbers.

CREATE TABLE order_counters (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    last_number bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE order_counters IS 'The last order number given out. Numbers may have gaps.';
CALL protect_tenant_table('order_counters');
GRANT SELECT, INSERT, UPDATE ON order_counters TO countinghouse_app;

CREATE TABLE orders (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    number bigint NOT NULL,
    status text NOT NULL CONSTRAINT orders_status_known CHECK (status IN ('placed')),
    channel text NOT NULL,
    external_reference text,
    currency text NOT NULL CONSTRAINT orders_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal_minor bigint NOT NULL CONSTRAINT orders_subtotal_bounds CHECK (subtotal_minor BETWEEN 0 AND 10000000000000),
    tax_minor bigint NOT NULL CONSTRAINT orders_tax_bounds CHECK (tax_minor BETWEEN 0 AND 10000000000000),
    total_minor bigint NOT NULL CONSTRAINT orders_total_bounds CHECK (total_minor BETWEEN 0 AND 10000000000000),
    cost_minor bigint NOT NULL CONSTRAINT orders_cost_not_negative CHECK (cost_minor >= 0),
    note text,
    created_by uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT orders_number_key UNIQUE (tenant_id, number),
    CONSTRAINT orders_external_reference_key UNIQUE (tenant_id, channel, external_reference),
    CONSTRAINT orders_total_adds_up CHECK (total_minor = subtotal_minor + tax_minor)
);
CREATE INDEX orders_newest ON orders (tenant_id, created_at DESC, id DESC);
CREATE INDEX orders_newest_of_channel ON orders (tenant_id, channel, created_at DESC, id DESC);
COMMENT ON TABLE orders IS 'What was sold. Amounts are minor units of currency.';
COMMENT ON COLUMN orders.number IS 'Shown as SO-000123.';
COMMENT ON COLUMN orders.external_reference IS 'The seller''s own number, unique per channel.';
COMMENT ON COLUMN orders.cost_minor IS 'What the goods cost when they left the stock: the sum over the lines.';
CALL protect_tenant_table('orders');
GRANT SELECT, INSERT ON orders TO countinghouse_app;

CREATE TABLE order_lines (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    position integer NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    quantity bigint NOT NULL CONSTRAINT order_lines_quantity_bounds CHECK (quantity BETWEEN 1 AND 1000000000),
    unit_price_minor bigint NOT NULL,
    tax_rate integer NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    cost_minor bigint NOT NULL CONSTRAINT order_lines_cost_not_negative CHECK (cost_minor >= 0),
    PRIMARY KEY (tenant_id, order_id, position),
    CONSTRAINT order_lines_id_key UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id)
);
CREATE INDEX order_lines_of_product ON order_lines (tenant_id, product_id);
COMMENT ON TABLE order_lines IS 'The lines of an order, with the product as it was when it was sold.';
COMMENT ON COLUMN order_lines.net_minor IS 'Quantity times price, before tax.';
COMMENT ON COLUMN order_lines.cost_minor IS 'What the units of this line cost when they left the stock.';
CALL protect_tenant_table('order_lines');
GRANT SELECT, INSERT ON order_lines TO countinghouse_app;

ALTER TABLE stock_movements ADD FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id);

-- Gives out the next order number in a transaction of its own: one round trip, and no order waits
-- for another's commit to get its number. An order that exists already draws none. The session is
-- checked as in every transaction: one that has ended learns nothing here.
CREATE FUNCTION next_order_number(
    wanted_tenant uuid, wanted_session uuid, user_rights bigint, tenant_rights bigint, at timestamptz,
    in_channel text, with_reference text)
RETURNS TABLE (number bigint, existing uuid) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM begin_session(wanted_tenant, wanted_session, user_rights, tenant_rights, at);
    IF with_reference IS NOT NULL THEN
        SELECT o.id INTO existing FROM orders o
            WHERE o.tenant_id = wanted_tenant AND o.channel = in_channel AND o.external_reference = with_reference;
    END IF;
    IF existing IS NULL THEN
        INSERT INTO order_counters AS c (tenant_id, last_number) VALUES (wanted_tenant, 1)
            ON CONFLICT (tenant_id) DO UPDATE SET last_number = c.last_number + 1
            RETURNING last_number INTO number;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION next_order_number IS 'The next order number of a client, or the order that has the reference; call it outside any transaction.';
REVOKE ALL ON FUNCTION next_order_number(uuid, uuid, bigint, bigint, timestamptz, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_order_number(uuid, uuid, bigint, bigint, timestamptz, text, text) TO countinghouse_app;
