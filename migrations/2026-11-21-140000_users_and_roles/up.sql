-- A client runs its own users and roles.

ALTER TABLE users ADD COLUMN must_change_password boolean NOT NULL DEFAULT false;
ALTER TABLE users ADD COLUMN deleted_at timestamptz
    CONSTRAINT users_deleted_are_disabled CHECK (deleted_at IS NULL OR disabled);
COMMENT ON COLUMN users.must_change_password IS 'The password was set by somebody else, and is good for changing it only.';
COMMENT ON COLUMN users.deleted_at IS 'Deleted users keep their row, since what they made names them; their name is free again.';
DROP INDEX users_username_key;
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, lower(username)) WHERE deleted_at IS NULL;
CREATE INDEX users_newest ON users (tenant_id, created_at DESC, id DESC);
CREATE INDEX users_of_role ON users (tenant_id, role) WHERE deleted_at IS NULL;
GRANT INSERT, UPDATE (email, role, disabled, must_change_password, deleted_at) ON users TO countinghouse_app;

DROP TRIGGER users_rights_changed ON users;
CREATE TRIGGER users_rights_changed BEFORE UPDATE OF username, role, disabled, must_change_password ON users
    FOR EACH ROW WHEN ((OLD.username, OLD.role, OLD.disabled, OLD.must_change_password)
        IS DISTINCT FROM (NEW.username, NEW.role, NEW.disabled, NEW.must_change_password))
    EXECUTE FUNCTION raise_rights_version();

CREATE TABLE roles (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    name text NOT NULL CONSTRAINT roles_name_form CHECK (name ~ '^[a-z][a-z0-9_-]{1,39}$'),
    permissions text[] NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
COMMENT ON TABLE roles IS 'A client''s own roles, beside the built-in ones. A role that somebody has is not deleted.';
CALL protect_tenant_table('roles');
GRANT SELECT, INSERT, DELETE, UPDATE (permissions, version, updated_at) ON roles TO countinghouse_app;

-- A changed role changes what is remembered of everybody who has it. SECURITY DEFINER, since the
-- app may not write to tenants.
CREATE FUNCTION raise_tenant_rights_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE public.tenants SET rights_version = rights_version + 1 WHERE id = OLD.tenant_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION raise_tenant_rights_version IS 'Trigger: what was remembered of this client is out of date.';
REVOKE ALL ON FUNCTION raise_tenant_rights_version() FROM PUBLIC;
CREATE TRIGGER roles_changed AFTER UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION raise_tenant_rights_version();

-- With what a client's own role may do (null for a built-in one), and whether the password has to
-- be changed first. Columns are read by name: yesterday's binary does not notice the new ones.
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
