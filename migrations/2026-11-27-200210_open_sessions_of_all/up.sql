-- Sessions of all clients that were not ended, newest first.
CREATE INDEX CONCURRENTLY sessions_open_of_all ON sessions (created_at DESC, id DESC) WHERE ended_at IS NULL;
