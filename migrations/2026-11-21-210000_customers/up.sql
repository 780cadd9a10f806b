-- Customers: who buys.

CREATE TABLE customers (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    email text,
    email_key text GENERATED ALWAYS AS (lower(email)) STORED,
    first_name text,
    last_name text,
    company text,
    phone text,
    billing_address jsonb,
    shipping_address jsonb,
    payment_terms_days integer CONSTRAINT customers_payment_terms_bounds CHECK (payment_terms_days BETWEEN 0 AND 3650),
    note text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    erased_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_erased_are_nobody CHECK (erased_at IS NULL OR num_nonnulls(
        email, first_name, last_name, company, phone, billing_address, shipping_address, note) = 0)
);
CREATE INDEX customers_newest ON customers (tenant_id, created_at DESC, id DESC);
CREATE INDEX customers_of_email ON customers (tenant_id, email_key, created_at DESC, id DESC);
COMMENT ON TABLE customers IS 'Who buys. One that was deleted keeps its row without a word about the person, since orders point at it.';
COMMENT ON COLUMN customers.email_key IS 'To find an address whatever its case; an index on lower(email) would go unused under row-level security.';
COMMENT ON COLUMN customers.payment_terms_days IS 'How long after an invoice payment is due; null for the client''s own terms.';
COMMENT ON COLUMN customers.version IS 'Counts changes; the ETag.';
CALL protect_tenant_table('customers');
GRANT SELECT, INSERT, UPDATE ON customers TO countinghouse_app;
