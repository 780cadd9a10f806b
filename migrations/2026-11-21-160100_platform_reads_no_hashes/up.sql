-- Superadmins enter users and look them up; what proves who somebody is is no part of that.

REVOKE SELECT ON users FROM countinghouse_platform;
GRANT SELECT (tenant_id, id, username, email, role, disabled, must_change_password, deleted_at, rights_version, version,
    created_at, updated_at) ON users TO countinghouse_platform;
