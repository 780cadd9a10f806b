-- Sessions that are refreshed, go stale, and leave a trace of what happened at the door.

-- Small as long as nobody has run the foundation for long: filled and indexed in one go.
ALTER TABLE sessions ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE sessions ADD COLUMN latest_end timestamptz;
UPDATE sessions SET last_seen_at = created_at, latest_end = expires_at;
COMMENT ON COLUMN sessions.expires_at IS 'When it ends unless it is used before: each use, to the minute, moves it on, up to latest_end.';
COMMENT ON COLUMN sessions.latest_end IS 'When it ends however much it is used; null in rows of a binary that did not know it.';
COMMENT ON COLUMN sessions.last_seen_at IS 'The last request, to the minute.';
GRANT UPDATE (last_seen_at, expires_at) ON sessions TO countinghouse_app;
CREATE INDEX sessions_newest ON sessions (tenant_id, created_at DESC, id DESC);

CREATE TABLE refresh_tokens (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    secret_sha256 bytea NOT NULL CONSTRAINT refresh_tokens_hash_length CHECK (length(secret_sha256) = 32),
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    successor_id uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (tenant_id, session_id);
COMMENT ON TABLE refresh_tokens IS 'Each is good for one refresh; all of a session are one family. A successor''s secret is drawn from the used one''s, so that it can be given again within the grace time.';
COMMENT ON COLUMN refresh_tokens.secret_sha256 IS 'The secret has 256 random bits: a plain hash keeps it.';
CALL protect_tenant_table('refresh_tokens');
GRANT SELECT, INSERT, UPDATE (used_at, successor_id) ON refresh_tokens TO countinghouse_app;

CREATE TABLE session_events (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT session_events_kind_known CHECK (kind IN (
        'login', 'login_failed', 'logout', 'refresh', 'refresh_reused', 'session_ended', 'password_changed')),
    user_id uuid,
    username text,
    session_id uuid,
    address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX session_events_newest ON session_events (tenant_id, created_at DESC, id DESC);
COMMENT ON TABLE session_events IS 'What happened at the door: log-ins and failures, refreshes, endings.';
COMMENT ON COLUMN session_events.username IS 'As it was typed, when it is somebody''s name: what is nobody''s may be a password.';
CALL protect_tenant_table('session_events');
GRANT SELECT, INSERT ON session_events TO countinghouse_app;

-- A user changes their own password.
GRANT UPDATE (password_hash, version, updated_at) ON users TO countinghouse_app;

-- Superadmins refresh too.
ALTER TABLE superadmin_sessions ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE superadmin_sessions ADD COLUMN latest_end timestamptz;
UPDATE superadmin_sessions SET last_seen_at = created_at, latest_end = expires_at;
GRANT UPDATE (last_seen_at, expires_at) ON superadmin_sessions TO countinghouse_platform;

CREATE TABLE superadmin_refresh_tokens (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES superadmin_sessions (id) ON DELETE CASCADE,
    secret_sha256 bytea NOT NULL CONSTRAINT superadmin_refresh_tokens_hash_length CHECK (length(secret_sha256) = 32),
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    successor_id uuid
);
CREATE INDEX superadmin_refresh_tokens_of_session ON superadmin_refresh_tokens (session_id);
COMMENT ON TABLE superadmin_refresh_tokens IS 'As refresh_tokens, for superadmins.';
CALL protect_platform_table('superadmin_refresh_tokens');
GRANT SELECT, INSERT, UPDATE (used_at, successor_id) ON superadmin_refresh_tokens TO countinghouse_platform;
