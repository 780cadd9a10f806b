-- The catalogue, and beside it the stock with its movements.

CREATE TABLE products (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    description text,
    barcode text,
    currency text NOT NULL CONSTRAINT products_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CONSTRAINT products_price_bounds CHECK (price_minor BETWEEN 0 AND 10000000000000),
    tax_rate integer NOT NULL DEFAULT 0 CONSTRAINT products_tax_rate_bounds CHECK (tax_rate BETWEEN 0 AND 1000000),
    low_stock_threshold bigint CONSTRAINT products_threshold_bounds CHECK (low_stock_threshold BETWEEN 0 AND 1000000000),
    attributes jsonb NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT products_sku_key UNIQUE (tenant_id, sku)
);
CREATE INDEX products_newest ON products (tenant_id, active, created_at DESC, id DESC);
COMMENT ON TABLE products IS 'What a client sells. The stock of a product is in the table stock.';
COMMENT ON COLUMN products.sku IS 'The client''s own number; stays taken when the product is archived.';
COMMENT ON COLUMN products.price_minor IS 'Selling price of one unit, in minor units of currency.';
COMMENT ON COLUMN products.tax_rate IS 'In ten-thousandths of a percent.';
COMMENT ON COLUMN products.active IS 'False when archived.';
COMMENT ON COLUMN products.version IS 'Counts changes to this row; the ETag.';
CALL protect_tenant_table('products');
GRANT SELECT, INSERT, UPDATE ON products TO countinghouse_app;

CREATE TABLE stock (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    on_hand bigint NOT NULL DEFAULT 0 CONSTRAINT stock_never_below_zero CHECK (on_hand >= 0),
    unfulfilled bigint NOT NULL DEFAULT 0 CONSTRAINT stock_unfulfilled_not_negative CHECK (unfulfilled >= 0),
    value_minor bigint NOT NULL DEFAULT 0 CONSTRAINT stock_value_bounds CHECK (value_minor BETWEEN 0 AND 10000000000000),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, product_id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id),
    CONSTRAINT stock_nothing_is_worth_nothing CHECK (on_hand > 0 OR value_minor = 0)
);
COMMENT ON TABLE stock IS 'How much of a product there is and what it cost: moving weighted average. Locked FOR NO KEY UPDATE in product order.';
COMMENT ON COLUMN stock.on_hand IS 'Free to sell.';
COMMENT ON COLUMN stock.unfulfilled IS 'Sold, but still on the shelf.';
COMMENT ON COLUMN stock.value_minor IS 'What the units on hand cost together, in minor units of the product''s currency.';
CALL protect_tenant_table('stock');
GRANT SELECT, INSERT, UPDATE ON stock TO countinghouse_app;

CREATE TABLE stock_movements (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT stock_movements_kind_known CHECK (kind IN ('opening', 'purchase', 'sale')),
    quantity bigint NOT NULL CONSTRAINT stock_movements_move_something CHECK (quantity <> 0),
    unit_cost_minor bigint NOT NULL,
    value_minor bigint NOT NULL,
    on_hand_after bigint NOT NULL,
    value_after_minor bigint NOT NULL,
    order_id uuid,
    reason text,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT stock_movements_sign CHECK (sign(value_minor) IN (0, sign(quantity)))
);
CREATE INDEX stock_movements_of_product ON stock_movements (tenant_id, product_id, created_at DESC, id DESC);
CREATE INDEX stock_movements_of_order ON stock_movements (tenant_id, order_id) WHERE order_id IS NOT NULL;
COMMENT ON TABLE stock_movements IS 'Every change of stock, never updated or deleted: what on_hand and value are the sum of.';
COMMENT ON COLUMN stock_movements.quantity IS 'Positive for what comes in, negative for what goes out.';
COMMENT ON COLUMN stock_movements.unit_cost_minor IS 'What one unit cost, rounded half even where value does not divide.';
COMMENT ON COLUMN stock_movements.value_minor IS 'What moved is worth, with the sign of quantity.';
CALL protect_tenant_table('stock_movements');
GRANT SELECT, INSERT ON stock_movements TO countinghouse_app;
