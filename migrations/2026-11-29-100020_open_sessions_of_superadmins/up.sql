-- Superadmins see who of them is logged in. There are few: no index has to be made beside the work.
CREATE INDEX superadmin_sessions_open ON superadmin_sessions (created_at DESC, id DESC) WHERE ended_at IS NULL;
