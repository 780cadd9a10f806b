-- What becomes of an order: invoices, payments and refunds, fulfilments. All of it is only added to.

CREATE TABLE invoice_counters (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    kind text NOT NULL CONSTRAINT invoice_counters_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    last_number bigint NOT NULL,
    PRIMARY KEY (tenant_id, kind)
);
COMMENT ON TABLE invoice_counters IS 'The last number of each series. Its row stays locked until the commit, so a series has no gap.';
CALL protect_tenant_table('invoice_counters');
GRANT SELECT, INSERT, UPDATE (last_number) ON invoice_counters TO countinghouse_app;

CREATE TABLE invoices (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT invoices_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    number bigint NOT NULL CONSTRAINT invoices_number_positive CHECK (number > 0),
    date date NOT NULL,
    due_date date CONSTRAINT invoices_due_after_date CHECK (due_date >= date),
    customer jsonb,
    billing_address jsonb,
    lines jsonb NOT NULL,
    totals jsonb NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT invoices_number_key UNIQUE (tenant_id, kind, number),
    CONSTRAINT invoices_have_due_date CHECK ((kind = 'invoice') = (due_date IS NOT NULL))
);
CREATE INDEX invoices_of_order ON invoices (tenant_id, order_id, created_at DESC, id DESC);
COMMENT ON TABLE invoices IS 'Invoices and credit notes, frozen as they were issued: also what was printed of a customer who was erased since.';
COMMENT ON COLUMN invoices.number IS 'Per client and kind, without a gap; shown as INV-000123 or CN-000123.';
COMMENT ON COLUMN invoices.lines IS 'As they went out, and so are totals.';
CALL protect_tenant_table('invoices');
GRANT SELECT, INSERT ON invoices TO countinghouse_app;

CREATE TABLE payments (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT payments_kind_known CHECK (kind IN ('payment', 'refund')),
    amount_minor bigint NOT NULL CONSTRAINT payments_amount_bounds CHECK (amount_minor BETWEEN 1 AND 10000000000000),
    method text NOT NULL,
    reference text,
    received_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);
CREATE INDEX payments_of_order ON payments (tenant_id, order_id, created_at DESC, id DESC);
COMMENT ON TABLE payments IS 'Money that came for an order, and (refund) money that went back.';
COMMENT ON COLUMN payments.received_at IS 'When the money moved; its day is that of the journal.';
CALL protect_tenant_table('payments');
GRANT SELECT, INSERT ON payments TO countinghouse_app;

CREATE TABLE fulfilments (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    carrier text NOT NULL,
    tracking_number text NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);
CREATE INDEX fulfilments_of_order ON fulfilments (tenant_id, order_id, created_at, id);
COMMENT ON TABLE fulfilments IS 'Parcels: what left the shelf for a customer, with whom and under which number.';
CALL protect_tenant_table('fulfilments');
GRANT SELECT, INSERT ON fulfilments TO countinghouse_app;

CREATE TABLE fulfilment_lines (
    tenant_id uuid NOT NULL,
    fulfilment_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    quantity bigint NOT NULL CONSTRAINT fulfilment_lines_quantity_positive CHECK (quantity > 0),
    PRIMARY KEY (tenant_id, fulfilment_id, order_line_id),
    FOREIGN KEY (tenant_id, fulfilment_id) REFERENCES fulfilments (tenant_id, id),
    FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_lines (tenant_id, id)
);
CREATE INDEX fulfilment_lines_of_line ON fulfilment_lines (tenant_id, order_line_id);
COMMENT ON TABLE fulfilment_lines IS 'How much of which line a parcel holds. The sum over a line is what was fulfilled of it.';
CALL protect_tenant_table('fulfilment_lines');
GRANT SELECT, INSERT ON fulfilment_lines TO countinghouse_app;

-- What stands is posted for orders that were invoiced at once too: their goods are in the entry of
-- the invoice, which was issued in the transaction, and so at the time, of the order.
DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('post_what_lacks_its_entry()'::regprocedure),
        'o.status = ''placed'' AND',
        'NOT EXISTS (SELECT FROM invoices i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id '
            'AND i.created_at = o.created_at) AND');
END
$$;
