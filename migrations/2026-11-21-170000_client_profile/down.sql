DROP FUNCTION origin_is_listed(text);
DROP FUNCTION load_session(uuid, uuid);
CREATE FUNCTION load_session(wanted_tenant uuid, wanted_session uuid)
RETURNS TABLE (user_id uuid, username text, role text, ended_at timestamptz, expires_at timestamptz, disabled boolean,
    user_rights bigint, slug text, currency text, time_zone text, status text, tenant_rights bigint,
    must_change_password boolean, own_permissions text[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    RETURN QUERY
        SELECT u.id, u.username, u.role, s.ended_at, s.expires_at, u.disabled, u.rights_version,
               t.slug, t.currency, t.time_zone, t.status, t.rights_version, u.must_change_password, r.permissions
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        JOIN tenants t ON t.id = s.tenant_id
        LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.name = u.role
        WHERE s.tenant_id = wanted_tenant AND s.id = wanted_session;
END
$$;
COMMENT ON FUNCTION load_session IS 'The user, role and client behind a session.';
REVOKE ALL ON FUNCTION load_session(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION load_session(uuid, uuid) TO countinghouse_app;
ALTER TABLE orders
    DROP CONSTRAINT orders_currency_fkey,
    ADD CONSTRAINT orders_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE products
    DROP CONSTRAINT products_currency_fkey,
    ADD CONSTRAINT products_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE tenants DROP CONSTRAINT tenants_currency_key;
DROP TRIGGER tenants_rights_changed ON tenants;
CREATE TRIGGER tenants_rights_changed BEFORE UPDATE OF slug, currency, time_zone, status ON tenants
    FOR EACH ROW WHEN ((OLD.slug, OLD.currency, OLD.time_zone, OLD.status)
        IS DISTINCT FROM (NEW.slug, NEW.currency, NEW.time_zone, NEW.status))
    EXECUTE FUNCTION raise_rights_version();
REVOKE UPDATE (name, currency, time_zone, version, updated_at) ON tenants FROM countinghouse_app;
ALTER TABLE tenants
    DROP COLUMN business_overview,
    DROP COLUMN opening_hours,
    DROP COLUMN closing_hours,
    DROP COLUMN max_discount_pct,
    DROP COLUMN return_refund_policy,
    DROP COLUMN sales_commission_pct,
    DROP COLUMN payment_terms_days,
    DROP COLUMN whatsapp_number,
    DROP COLUMN messenger,
    DROP COLUMN allowed_origins,
    DROP COLUMN prices_include_tax,
    DROP COLUMN shipping_tax_rate,
    DROP COLUMN auto_invoice,
    DROP COLUMN low_stock_threshold;
COMMENT ON COLUMN tenants.rights_version IS 'Raised by a trigger when what a request remembers changes: status, currency, time zone. See begin_session.';
