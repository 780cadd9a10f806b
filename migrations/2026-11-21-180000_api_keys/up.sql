-- Keys for a client's software, and clients that register themselves.

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    permissions text[] NOT NULL,
    secret_sha256 bytea NOT NULL CONSTRAINT api_keys_hash_length CHECK (length(secret_sha256) = 32),
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz CONSTRAINT api_keys_expire_later CHECK (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);
CREATE INDEX api_keys_newest ON api_keys (tenant_id, created_at DESC, id DESC) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_of_maker ON api_keys (tenant_id, created_by);
COMMENT ON TABLE api_keys IS 'Keys of a client''s software. One never has more than its maker has now.';
COMMENT ON COLUMN api_keys.secret_sha256 IS 'The secret has 256 random bits: a plain hash keeps it.';
COMMENT ON COLUMN api_keys.last_used_at IS 'To the minute.';
CALL protect_tenant_table('api_keys');
GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON api_keys TO countinghouse_app;

-- As begin_session, for a key: its maker and their client have to be well too.
CREATE FUNCTION begin_api_key(wanted_tenant uuid, wanted_key uuid, user_rights bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT k.revoked_at, k.expires_at, u.disabled, u.rights_version AS user_rights, t.status, t.rights_version AS tenant_rights
        INTO seen
        FROM api_keys k
        JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.created_by
        JOIN tenants t ON t.id = k.tenant_id
        WHERE k.tenant_id = wanted_tenant AND k.id = wanted_key;
    reason := CASE
        WHEN NOT FOUND OR seen.revoked_at IS NOT NULL OR seen.expires_at <= at OR seen.disabled THEN 'api_key_ended'
        WHEN seen.status <> 'active' THEN 'client_suspended'
        WHEN seen.user_rights <> user_rights OR seen.tenant_rights <> tenant_rights THEN 'rights_changed'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the request may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
COMMENT ON FUNCTION begin_api_key IS 'Sets the tenant of this transaction after checking the API key, its maker and the tenant.';

-- For functions that open a request's transaction themselves.
CREATE FUNCTION begin_request(
    wanted_tenant uuid, kind text, credential uuid, user_rights bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF kind = 'api_key' THEN
        PERFORM begin_api_key(wanted_tenant, credential, user_rights, tenant_rights, at);
    ELSE
        PERFORM begin_session(wanted_tenant, credential, user_rights, tenant_rights, at);
    END IF;
END
$$;
COMMENT ON FUNCTION begin_request IS 'begin_session or begin_api_key, by the kind of the credential: session or api_key.';

-- In place of load_session, which stays for yesterday's binary.
CREATE FUNCTION load_credential(wanted_tenant uuid, kind text, credential uuid)
RETURNS TABLE (user_id uuid, username text, role text, ended_at timestamptz, expires_at timestamptz, disabled boolean,
    user_rights bigint, slug text, currency text, time_zone text, status text, tenant_rights bigint,
    must_change_password boolean, own_permissions text[], max_discount_pct integer, sales_commission_pct integer,
    payment_terms_days integer, prices_include_tax boolean, shipping_tax_rate integer, auto_invoice boolean,
    low_stock_threshold bigint, allowed_origins text[], key_permissions text[], key_sha256 bytea)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    RETURN QUERY
        SELECT u.id, u.username, u.role, c.ended_at, c.expires_at, u.disabled, u.rights_version,
               t.slug, t.currency, t.time_zone, t.status, t.rights_version, u.must_change_password, r.permissions,
               t.max_discount_pct, t.sales_commission_pct, t.payment_terms_days, t.prices_include_tax,
               t.shipping_tax_rate, t.auto_invoice, t.low_stock_threshold, t.allowed_origins, c.permissions, c.sha256
        FROM (
            SELECT s.user_id, s.ended_at, s.expires_at, NULL::text[] AS permissions, NULL::bytea AS sha256
            FROM sessions s WHERE kind = 'session' AND s.tenant_id = wanted_tenant AND s.id = credential
            UNION ALL
            SELECT k.created_by, k.revoked_at, k.expires_at, k.permissions, k.secret_sha256
            FROM api_keys k WHERE kind = 'api_key' AND k.tenant_id = wanted_tenant AND k.id = credential
        ) c
        JOIN users u ON u.tenant_id = wanted_tenant AND u.id = c.user_id
        JOIN tenants t ON t.id = wanted_tenant
        LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.name = u.role;
END
$$;
COMMENT ON FUNCTION load_credential IS 'The user, role, client and policies behind a session or an API key.';

-- The order number of who comes with a key, too.
CREATE FUNCTION next_order_number(
    wanted_tenant uuid, kind text, credential uuid, user_rights bigint, tenant_rights bigint, at timestamptz,
    in_channel text, with_reference text)
RETURNS TABLE (number bigint, existing uuid) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM begin_request(wanted_tenant, kind, credential, user_rights, tenant_rights, at);
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
COMMENT ON FUNCTION next_order_number(uuid, text, uuid, bigint, bigint, timestamptz, text, text)
    IS 'The next order number of a client, or the order that has the reference; call it outside any transaction.';

REVOKE ALL ON FUNCTION begin_api_key(uuid, uuid, bigint, bigint, timestamptz),
    begin_request(uuid, text, uuid, bigint, bigint, timestamptz), load_credential(uuid, text, uuid),
    next_order_number(uuid, text, uuid, bigint, bigint, timestamptz, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_api_key(uuid, uuid, bigint, bigint, timestamptz),
    begin_request(uuid, text, uuid, bigint, bigint, timestamptz), load_credential(uuid, text, uuid),
    next_order_number(uuid, text, uuid, bigint, bigint, timestamptz, text, text) TO countinghouse_app;

-- A client that registers itself is entered by the app's login, in a transaction that is in the new
-- tenant: row-level security lets it write that one row and no other client's. The platform's
-- login, which sees all clients, is not for a route that anybody may call.
GRANT INSERT (id, slug, name, currency, time_zone, created_at, updated_at) ON tenants TO countinghouse_app;
