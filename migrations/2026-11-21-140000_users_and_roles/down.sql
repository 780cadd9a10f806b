DROP FUNCTION load_session(uuid, uuid);
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
REVOKE ALL ON FUNCTION load_session(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION load_session(uuid, uuid) TO countinghouse_app;
DROP TABLE roles;
DROP FUNCTION raise_tenant_rights_version();
DROP TRIGGER users_rights_changed ON users;
CREATE TRIGGER users_rights_changed BEFORE UPDATE OF username, role, disabled ON users
    FOR EACH ROW WHEN ((OLD.username, OLD.role, OLD.disabled) IS DISTINCT FROM (NEW.username, NEW.role, NEW.disabled))
    EXECUTE FUNCTION raise_rights_version();
REVOKE INSERT, UPDATE (email, role, disabled) ON users FROM countinghouse_app;
DROP INDEX users_of_role;
DROP INDEX users_newest;
DROP INDEX users_username_key;
-- Names that were used again are told apart before they are unique once more.
UPDATE users SET username = username || ' (' || id || ')' WHERE deleted_at IS NOT NULL;
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, lower(username));
ALTER TABLE users DROP COLUMN deleted_at, DROP COLUMN must_change_password;
