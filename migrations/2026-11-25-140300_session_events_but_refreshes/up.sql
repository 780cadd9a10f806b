-- What happened at the door by day and kind; refreshes are most of the log, and nobody counts them.
CREATE INDEX CONCURRENTLY session_events_but_refreshes ON session_events (tenant_id, created_at) INCLUDE (kind)
    WHERE kind <> 'refresh';
