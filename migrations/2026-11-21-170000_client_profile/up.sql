-- What a client says of itself: hours, policies, terms, and which pages may call the API.

ALTER TABLE tenants
    ADD COLUMN business_overview text,
    ADD COLUMN opening_hours text
        CONSTRAINT tenants_opening_hours_form CHECK (opening_hours ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    ADD COLUMN closing_hours text
        CONSTRAINT tenants_closing_hours_form CHECK (closing_hours ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    ADD COLUMN max_discount_pct integer NOT NULL DEFAULT 1000000
        CONSTRAINT tenants_max_discount_bounds CHECK (max_discount_pct BETWEEN 0 AND 1000000),
    ADD COLUMN return_refund_policy text,
    ADD COLUMN sales_commission_pct integer NOT NULL DEFAULT 0
        CONSTRAINT tenants_commission_bounds CHECK (sales_commission_pct BETWEEN 0 AND 1000000),
    ADD COLUMN payment_terms_days integer NOT NULL DEFAULT 30
        CONSTRAINT tenants_payment_terms_bounds CHECK (payment_terms_days BETWEEN 0 AND 3650),
    ADD COLUMN whatsapp_number text
        CONSTRAINT tenants_whatsapp_number_form CHECK (whatsapp_number ~ '^\+[1-9][0-9]{6,14}$'),
    ADD COLUMN messenger text,
    ADD COLUMN allowed_origins text[] NOT NULL DEFAULT '{}'
        CONSTRAINT tenants_allowed_origins_few CHECK (cardinality(allowed_origins) <= 20),
    ADD COLUMN prices_include_tax boolean NOT NULL DEFAULT false,
    ADD COLUMN shipping_tax_rate integer NOT NULL DEFAULT 0
        CONSTRAINT tenants_shipping_tax_bounds CHECK (shipping_tax_rate BETWEEN 0 AND 1000000),
    ADD COLUMN auto_invoice boolean NOT NULL DEFAULT true,
    ADD COLUMN low_stock_threshold bigint
        CONSTRAINT tenants_threshold_bounds CHECK (low_stock_threshold BETWEEN 0 AND 1000000000);
COMMENT ON COLUMN tenants.opening_hours IS 'A time of day in the client''s time zone, like 09:00; closing_hours too.';
COMMENT ON COLUMN tenants.max_discount_pct IS 'In ten-thousandths of a percent, like every rate here.';
COMMENT ON COLUMN tenants.whatsapp_number IS 'In the form of E.164.';
COMMENT ON COLUMN tenants.allowed_origins IS 'Whose pages may call the API from a browser, each as browsers send it.';
COMMENT ON COLUMN tenants.low_stock_threshold IS 'For products that have none of their own.';
COMMENT ON COLUMN tenants.rights_version IS 'Raised by a trigger when what a request remembers changes: status, currency, time zone, policies, roles. See begin_session.';

-- What a client changes itself; slug and status are the superadmins'.
GRANT UPDATE (name, currency, time_zone, business_overview, opening_hours, closing_hours, max_discount_pct,
    return_refund_policy, sales_commission_pct, payment_terms_days, whatsapp_number, messenger, allowed_origins,
    prices_include_tax, shipping_tax_rate, auto_invoice, low_stock_threshold, version, updated_at)
    ON tenants TO countinghouse_app;

DROP TRIGGER tenants_rights_changed ON tenants;
CREATE TRIGGER tenants_rights_changed BEFORE UPDATE OF slug, currency, time_zone, status, max_discount_pct,
        sales_commission_pct, payment_terms_days, prices_include_tax, shipping_tax_rate, auto_invoice,
        low_stock_threshold, allowed_origins
    ON tenants FOR EACH ROW
    WHEN ((OLD.slug, OLD.currency, OLD.time_zone, OLD.status, OLD.max_discount_pct, OLD.sales_commission_pct,
            OLD.payment_terms_days, OLD.prices_include_tax, OLD.shipping_tax_rate, OLD.auto_invoice,
            OLD.low_stock_threshold, OLD.allowed_origins)
        IS DISTINCT FROM (NEW.slug, NEW.currency, NEW.time_zone, NEW.status, NEW.max_discount_pct,
            NEW.sales_commission_pct, NEW.payment_terms_days, NEW.prices_include_tax, NEW.shipping_tax_rate,
            NEW.auto_invoice, NEW.low_stock_threshold, NEW.allowed_origins))
    EXECUTE FUNCTION raise_rights_version();

-- The currency stays while amounts are kept in it: whatever has amounts points at it. The key is
-- locked by who points at it, so a change and a first product at the same moment see each other.
ALTER TABLE tenants ADD CONSTRAINT tenants_currency_key UNIQUE (id, currency);
ALTER TABLE products
    DROP CONSTRAINT products_tenant_id_fkey,
    ADD CONSTRAINT products_currency_fkey FOREIGN KEY (tenant_id, currency) REFERENCES tenants (id, currency);
ALTER TABLE orders
    DROP CONSTRAINT orders_tenant_id_fkey,
    ADD CONSTRAINT orders_currency_fkey FOREIGN KEY (tenant_id, currency) REFERENCES tenants (id, currency);

-- With the client's policies. Columns are read by name: yesterday's binary does not notice them.
DROP FUNCTION load_session(uuid, uuid);
CREATE FUNCTION load_session(wanted_tenant uuid, wanted_session uuid)
RETURNS TABLE (user_id uuid, username text, role text, ended_at timestamptz, expires_at timestamptz, disabled boolean,
    user_rights bigint, slug text, currency text, time_zone text, status text, tenant_rights bigint,
    must_change_password boolean, own_permissions text[], max_discount_pct integer, sales_commission_pct integer,
    payment_terms_days integer, prices_include_tax boolean, shipping_tax_rate integer, auto_invoice boolean,
    low_stock_threshold bigint, allowed_origins text[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    RETURN QUERY
        SELECT u.id, u.username, u.role, s.ended_at, s.expires_at, u.disabled, u.rights_version,
               t.slug, t.currency, t.time_zone, t.status, t.rights_version, u.must_change_password, r.permissions,
               t.max_discount_pct, t.sales_commission_pct, t.payment_terms_days, t.prices_include_tax,
               t.shipping_tax_rate, t.auto_invoice, t.low_stock_threshold, t.allowed_origins
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        JOIN tenants t ON t.id = s.tenant_id
        LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.name = u.role
        WHERE s.tenant_id = wanted_tenant AND s.id = wanted_session;
END
$$;
COMMENT ON FUNCTION load_session IS 'The user, role, client and policies behind a session.';
REVOKE ALL ON FUNCTION load_session(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION load_session(uuid, uuid) TO countinghouse_app;

-- A browser asks, before it sends a credential, whether a page may call at all: the question has no
-- tenant. SECURITY DEFINER, since the app itself sees no tenant but the one it is in.
CREATE INDEX tenants_allowed_origins ON tenants USING gin (allowed_origins);
CREATE FUNCTION origin_is_listed(origin text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN EXISTS (SELECT FROM public.tenants WHERE allowed_origins @> ARRAY[origin] AND status = 'active');
COMMENT ON FUNCTION origin_is_listed IS 'Whether any active client lists this origin.';
REVOKE ALL ON FUNCTION origin_is_listed(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION origin_is_listed(text) TO countinghouse_app;
