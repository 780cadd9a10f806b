-- Goods that come back. A line of an order counts what came back of it, so that it can never be more than
-- was sold, whoever files returns at once.

CREATE TABLE returns (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    credit_note_id uuid NOT NULL,
    credits_shipping boolean NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT returns_credit_note_key UNIQUE (tenant_id, credit_note_id),
    -- The note is issued last: its number is drawn from a counter that others wait for.
    CONSTRAINT returns_credit_note_fkey FOREIGN KEY (tenant_id, credit_note_id) REFERENCES invoices (tenant_id, id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX returns_newest ON returns (tenant_id, created_at DESC, id DESC);
CREATE INDEX returns_of_order ON returns (tenant_id, order_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX returns_credit_shipping_once ON returns (tenant_id, order_id) WHERE credits_shipping;
COMMENT ON TABLE returns IS 'Goods of an order that came back, at one time; never changed.';
COMMENT ON COLUMN returns.credit_note_id IS 'What was credited for it, in the table invoices.';
COMMENT ON COLUMN returns.credits_shipping IS 'Whether shipping was credited with it: at most once an order.';
CALL protect_tenant_table('returns');
GRANT SELECT, INSERT ON returns TO countinghouse_app;

CREATE TABLE return_lines (
    tenant_id uuid NOT NULL,
    return_id uuid NOT NULL,
    position integer NOT NULL,
    order_line_id uuid NOT NULL,
    quantity bigint NOT NULL CONSTRAINT return_lines_quantity_positive CHECK (quantity > 0),
    unfulfilled bigint NOT NULL CONSTRAINT return_lines_unfulfilled_are_part CHECK (unfulfilled BETWEEN 0 AND quantity),
    restocked boolean NOT NULL,
    cost_minor bigint NOT NULL CONSTRAINT return_lines_cost_is_restocked
        CHECK (cost_minor >= 0 AND (restocked OR cost_minor = 0)),
    reason text,
    PRIMARY KEY (tenant_id, return_id, position),
    FOREIGN KEY (tenant_id, return_id) REFERENCES returns (tenant_id, id),
    FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_lines (tenant_id, id)
);
CREATE INDEX return_lines_of_line ON return_lines (tenant_id, order_line_id);
COMMENT ON TABLE return_lines IS 'How much of which line came back. One line may come twice, restocked and not.';
COMMENT ON COLUMN return_lines.unfulfilled IS 'Units among them that had not left the shelf.';
COMMENT ON COLUMN return_lines.cost_minor IS 'What the units cost when they left the stock, which they came back to; zero when they did not.';
CALL protect_tenant_table('return_lines');
GRANT SELECT, INSERT ON return_lines TO countinghouse_app;

ALTER TABLE order_lines
    ADD COLUMN returned_quantity bigint NOT NULL DEFAULT 0,
    ADD COLUMN returned_unfulfilled bigint NOT NULL DEFAULT 0,
    ADD COLUMN restocked_minor bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_lines_return_what_was_sold CHECK (returned_quantity BETWEEN 0 AND quantity),
    ADD CONSTRAINT order_lines_returned_unfulfilled_are_part
        CHECK (returned_unfulfilled BETWEEN 0 AND returned_quantity),
    ADD CONSTRAINT order_lines_restocked_is_part CHECK (restocked_minor BETWEEN 0 AND cost_minor);
COMMENT ON COLUMN order_lines.returned_quantity IS 'Units that came back: the sum over return_lines, kept by their trigger.';
COMMENT ON COLUMN order_lines.returned_unfulfilled IS 'Units among them that had not left the shelf, and never will.';
COMMENT ON COLUMN order_lines.restocked_minor IS 'How much of cost_minor went back into the stock.';
GRANT UPDATE (returned_quantity, returned_unfulfilled, restocked_minor) ON order_lines TO countinghouse_app;

CREATE FUNCTION count_returned_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_lines l
        SET returned_quantity = l.returned_quantity + a.quantity,
            returned_unfulfilled = l.returned_unfulfilled + a.unfulfilled,
            restocked_minor = l.restocked_minor + a.cost
        FROM (SELECT tenant_id, order_line_id, sum(quantity) AS quantity, sum(unfulfilled) AS unfulfilled,
                     sum(cost_minor) AS cost
              FROM added GROUP BY tenant_id, order_line_id) a
        WHERE l.tenant_id = a.tenant_id AND l.id = a.order_line_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION count_returned_units IS 'Trigger: what came back is counted in the line of the order, which refuses more than it sold.';
CREATE TRIGGER return_lines_counted AFTER INSERT ON return_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_returned_units();
REVOKE ALL ON FUNCTION count_returned_units() FROM PUBLIC;

ALTER TABLE stock_movements
    ADD COLUMN return_id uuid,
    DROP CONSTRAINT stock_movements_kind_known,
    ADD CONSTRAINT stock_movements_kind_known
        CHECK (kind IN ('opening', 'purchase', 'sale', 'return', 'damage', 'correction', 'count')) NOT VALID,
    ADD CONSTRAINT stock_movements_return_is_named
        CHECK ((kind = 'return') = (return_id IS NOT NULL) AND (return_id IS NULL OR order_id IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT stock_movements_return_fkey FOREIGN KEY (tenant_id, return_id) REFERENCES returns (tenant_id, id)
        NOT VALID;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_kind_known;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_return_is_named;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_return_fkey;
COMMENT ON COLUMN stock_movements.return_id IS 'The return that brought the goods back; order_id names its order.';
