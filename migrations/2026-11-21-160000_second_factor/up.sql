-- Second factors of a client's users, and the keys that seal a client's secrets.

CREATE TABLE data_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE data_keys IS 'The keys that seal a client''s secrets, each wrapped by a master key from the configuration. The newest seals; all open.';
COMMENT ON COLUMN data_keys.master_key_id IS 'Which master key wraps it; rotate-key wraps it anew.';
CALL protect_tenant_table('data_keys');
CREATE POLICY platform_all ON data_keys TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON data_keys TO countinghouse_app, countinghouse_worker;
-- To wrap them anew: a wrapped key opens nothing without the configuration.
GRANT SELECT, UPDATE (master_key_id, wrapped) ON data_keys TO countinghouse_platform;
GRANT UPDATE (master_key_id, wrapped) ON platform_data_keys TO countinghouse_platform;

CREATE TABLE second_factors (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    totp_secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0 CONSTRAINT second_factors_failures_bounds CHECK (failures BETWEEN 0 AND 4),
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE second_factors IS 'A user''s authenticator app. Whoever tries a code holds the row, so that two requests never try at once.';
COMMENT ON COLUMN second_factors.totp_secret IS 'Sealed envelope (platform/crypto), bound to this client, table, column and user.';
COMMENT ON COLUMN second_factors.confirmed_at IS 'Null until the first code came: until then it protects nothing.';
COMMENT ON COLUMN second_factors.last_step IS 'The newest TOTP step that was used: no step counts twice.';
COMMENT ON COLUMN second_factors.failures IS 'Wrong codes in a row; the fifth locks and begins anew.';
CALL protect_tenant_table('second_factors');
CREATE POLICY platform_all ON second_factors TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors TO countinghouse_app;
GRANT SELECT (tenant_id, user_id), DELETE ON second_factors TO countinghouse_platform;

CREATE TABLE recovery_codes (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_sha256 bytea NOT NULL CONSTRAINT recovery_codes_hash_length CHECK (length(code_sha256) = 32),
    used_at timestamptz,
    PRIMARY KEY (tenant_id, user_id, code_sha256),
    FOREIGN KEY (tenant_id, user_id) REFERENCES second_factors (tenant_id, user_id) ON DELETE CASCADE
);
COMMENT ON TABLE recovery_codes IS 'Each stands in for one code of the authenticator app, once.';
COMMENT ON COLUMN recovery_codes.code_sha256 IS 'Of client, user and code; the code has 80 random bits.';
CALL protect_tenant_table('recovery_codes');
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_codes TO countinghouse_app;

-- What a superadmin does when somebody has lost their second factor: it goes, their sessions end,
-- and their client's session log says so.
CREATE POLICY platform_all ON sessions TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, user_id, ended_at), UPDATE (ended_at) ON sessions TO countinghouse_platform;
CREATE POLICY platform_all ON session_events TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT INSERT ON session_events TO countinghouse_platform;

ALTER TABLE session_events DROP CONSTRAINT session_events_kind_known;
ALTER TABLE session_events ADD CONSTRAINT session_events_kind_known CHECK (kind IN (
    'login', 'login_failed', 'logout', 'refresh', 'refresh_reused', 'session_ended', 'password_changed',
    'second_factor_enrolled', 'second_factor_disabled', 'second_factor_reset', 'second_factor_used',
    'second_factor_failed', 'second_factor_locked', 'recovery_code_used', 'recovery_codes_renewed'));

-- Superadmins' wrong codes are counted too.
ALTER TABLE superadmins
    ADD COLUMN failures integer NOT NULL DEFAULT 0 CONSTRAINT superadmins_failures_bounds CHECK (failures BETWEEN 0 AND 4),
    ADD COLUMN locked_until timestamptz;
COMMENT ON COLUMN superadmins.failures IS 'Wrong codes in a row after the right password; the fifth locks and begins anew.';
