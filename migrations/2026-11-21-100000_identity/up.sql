-- Who may come in: clients (tenants), their users and sessions, and the superadmins.
--
-- The logins countinghouse_* are made by deployment/roles.sql beforehand.

-- Puts a tenant table under row-level security: the owner sees all rows (or a backfill under FORCE
-- would touch none), the app and the worker see those of the tenant that the transaction is in.
CREATE PROCEDURE protect_tenant_table(name regclass, tenant_column text DEFAULT 'tenant_id')
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_all ON %s TO countinghouse_owner USING (true) WITH CHECK (true)', name);
    EXECUTE format(
        'CREATE POLICY tenant_only ON %s TO countinghouse_app, countinghouse_worker '
        'USING (%2$I = nullif(current_setting(''app.tenant_id'', true), '''')::uuid) '
        'WITH CHECK (%2$I = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)',
        name, tenant_column);
END
$$;
COMMENT ON PROCEDURE protect_tenant_table IS 'Row-level security of a tenant table: called by the migration that makes the table.';

-- Puts a table of the operator's own out of every tenant's reach.
CREATE PROCEDURE protect_platform_table(name regclass)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_all ON %s TO countinghouse_owner USING (true) WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY platform_all ON %s TO countinghouse_platform USING (true) WITH CHECK (true)', name);
END
$$;
COMMENT ON PROCEDURE protect_platform_table IS 'Row-level security of a table that only superadmins use.';

REVOKE ALL ON PROCEDURE protect_tenant_table(regclass, text), protect_platform_table(regclass) FROM PUBLIC;

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT tenants_slug_key UNIQUE
        CONSTRAINT tenants_slug_form CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{2,39}$'),
    name text NOT NULL,
    currency text NOT NULL CONSTRAINT tenants_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    time_zone text NOT NULL,
    status text NOT NULL DEFAULT 'active' CONSTRAINT tenants_status_known CHECK (status IN ('active', 'suspended')),
    rights_version bigint NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE tenants IS 'Clients of the service, each a company with its own data.';
COMMENT ON COLUMN tenants.slug IS 'What people log in with as client_id.';
COMMENT ON COLUMN tenants.currency IS 'ISO 4217; amounts are whole minor units of it.';
COMMENT ON COLUMN tenants.time_zone IS 'IANA name; the days of reports and filters are days there.';
COMMENT ON COLUMN tenants.rights_version IS 'Raised by a trigger when what a request remembers changes: status, currency, time zone. See begin_session.';
COMMENT ON COLUMN tenants.version IS 'Counts changes; the ETag.';
CREATE INDEX tenants_newest ON tenants (created_at DESC, id DESC);
CALL protect_tenant_table('tenants', 'id');
CREATE POLICY platform_all ON tenants TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO countinghouse_app, countinghouse_worker;
GRANT SELECT, INSERT, UPDATE ON tenants TO countinghouse_platform;

CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    username text NOT NULL,
    email text,
    role text NOT NULL,
    password_hash text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    rights_version bigint NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, lower(username));
COMMENT ON TABLE users IS 'A client''s people.';
COMMENT ON COLUMN users.username IS 'Unique per client whatever its case.';
COMMENT ON COLUMN users.role IS 'A built-in role, or one of the client''s own.';
COMMENT ON COLUMN users.password_hash IS 'argon2id in PHC form.';
COMMENT ON COLUMN users.rights_version IS 'Raised by a trigger when the name, the role or the state changes. See begin_session.';
CALL protect_tenant_table('users');
CREATE POLICY platform_all ON users TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT ON users TO countinghouse_app;
GRANT SELECT, INSERT ON users TO countinghouse_platform;

-- Whatever a request may have remembered of a user or a client raises the number that it is
-- remembered with: nobody who writes has to think of it.
CREATE FUNCTION raise_rights_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.rights_version := OLD.rights_version + 1;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION raise_rights_version IS 'Trigger: what was remembered of this row is out of date.';
CREATE TRIGGER users_rights_changed BEFORE UPDATE OF username, role, disabled ON users
    FOR EACH ROW WHEN ((OLD.username, OLD.role, OLD.disabled) IS DISTINCT FROM (NEW.username, NEW.role, NEW.disabled))
    EXECUTE FUNCTION raise_rights_version();
CREATE TRIGGER tenants_rights_changed BEFORE UPDATE OF slug, currency, time_zone, status ON tenants
    FOR EACH ROW WHEN ((OLD.slug, OLD.currency, OLD.time_zone, OLD.status)
        IS DISTINCT FROM (NEW.slug, NEW.currency, NEW.time_zone, NEW.status))
    EXECUTE FUNCTION raise_rights_version();

CREATE TABLE sessions (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id, created_at DESC);
COMMENT ON TABLE sessions IS 'One login of a user. Access tokens name it; with ended_at set they are dead at once.';
CALL protect_tenant_table('sessions');
GRANT SELECT, INSERT, UPDATE (ended_at) ON sessions TO countinghouse_app;

CREATE TABLE superadmins (
    id uuid PRIMARY KEY,
    username text NOT NULL,
    password_hash text NOT NULL,
    totp_secret bytea NOT NULL,
    last_totp_step bigint NOT NULL DEFAULT 0,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX superadmins_username_key ON superadmins (lower(username));
COMMENT ON TABLE superadmins IS 'Who runs the whole service. No tenant''s transaction can reach this table.';
COMMENT ON COLUMN superadmins.totp_secret IS 'Sealed envelope (platform/crypto), bound to this table, column and row.';
COMMENT ON COLUMN superadmins.last_totp_step IS 'The newest TOTP step that was used: no step counts twice.';
CALL protect_platform_table('superadmins');
GRANT SELECT, INSERT, UPDATE ON superadmins TO countinghouse_platform;

CREATE TABLE superadmin_sessions (
    id uuid PRIMARY KEY,
    superadmin_id uuid NOT NULL REFERENCES superadmins (id) ON DELETE CASCADE,
    address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX superadmin_sessions_of ON superadmin_sessions (superadmin_id, created_at DESC);
COMMENT ON TABLE superadmin_sessions IS 'One login of a superadmin.';
CALL protect_platform_table('superadmin_sessions');
GRANT SELECT, INSERT, UPDATE (ended_at) ON superadmin_sessions TO countinghouse_platform;

CREATE TABLE platform_data_keys (
    id uuid PRIMARY KEY,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE platform_data_keys IS 'The keys that seal the operator''s own secrets, each wrapped by a master key from the configuration.';
CALL protect_platform_table('platform_data_keys');
GRANT SELECT, INSERT ON platform_data_keys TO countinghouse_platform;

-- The one look-up that has no tenant yet: which one does a login name?
-- SECURITY DEFINER, since the app itself sees no tenant but the one it is in.
CREATE FUNCTION tenant_by_slug(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (SELECT id FROM public.tenants WHERE slug = wanted);
COMMENT ON FUNCTION tenant_by_slug IS 'The id of the client with this slug, or null.';
REVOKE ALL ON FUNCTION tenant_by_slug(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_by_slug(text) TO countinghouse_app;

-- Opens a request's transaction in the same round trip as BEGIN: sets the tenant, and raises when
-- the session, the user or the tenant may not go on, or when what the service remembers of them
-- (their rights_version) is out of date. The reason stands in the error's constraint name.
CREATE FUNCTION begin_session(wanted_tenant uuid, wanted_session uuid, user_rights bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT s.ended_at, s.expires_at, u.disabled, u.rights_version AS user_rights, t.status, t.rights_version AS tenant_rights
        INTO seen
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        JOIN tenants t ON t.id = s.tenant_id
        WHERE s.tenant_id = wanted_tenant AND s.id = wanted_session;
    reason := CASE
        WHEN NOT FOUND OR seen.ended_at IS NOT NULL OR seen.expires_at <= at OR seen.disabled THEN 'session_ended'
        WHEN seen.status <> 'active' THEN 'client_suspended'
        WHEN seen.user_rights <> user_rights OR seen.tenant_rights <> tenant_rights THEN 'rights_changed'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the request may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
COMMENT ON FUNCTION begin_session IS 'Sets the tenant of this transaction after checking the session, the user and the tenant.';

-- What a request's credential stands for, read anew.
CREATE FUNCTION load_session(wanted_tenant uuid, wanted_session uuid)
RETURNS TABLE (user_id uuid, username text, role text, ended_at timestamptz, expires_at timestamptz, disabled boolean,
    user_rights bigint, slug text, currency text, time_zone text, status text, tenant_rights bigint)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    RETURN QUERY
        SELECT u.id, u.username, u.role, s.ended_at, s.expires_at, u.disabled, u.rights_version,
               t.slug, t.currency, t.time_zone, t.status, t.rights_version
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        JOIN tenants t ON t.id = s.tenant_id
        WHERE s.tenant_id = wanted_tenant AND s.id = wanted_session;
END
$$;
COMMENT ON FUNCTION load_session IS 'The user, role and client behind a session.';

-- The same for superadmins: opens their transaction, or raises.
CREATE FUNCTION begin_superadmin(wanted_session uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM superadmin_sessions s JOIN superadmins a ON a.id = s.superadmin_id
        WHERE s.id = wanted_session AND s.ended_at IS NULL AND s.expires_at > at AND NOT a.disabled;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the request may not go on: session_ended',
            CONSTRAINT = 'session_ended';
    END IF;
END
$$;
COMMENT ON FUNCTION begin_superadmin IS 'Checks a superadmin''s session at the start of a transaction.';

REVOKE ALL ON FUNCTION begin_session(uuid, uuid, bigint, bigint, timestamptz), load_session(uuid, uuid),
    begin_superadmin(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_session(uuid, uuid, bigint, bigint, timestamptz), load_session(uuid, uuid) TO countinghouse_app;
GRANT EXECUTE ON FUNCTION begin_superadmin(uuid, timestamptz) TO countinghouse_platform;

-- `serve` compares what is applied with what it needs.
GRANT SELECT ON __diesel_schema_migrations TO countinghouse_app, countinghouse_worker, countinghouse_platform;
