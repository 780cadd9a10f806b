-- Endpoints of all clients that are not reached, newest first.
CREATE INDEX CONCURRENTLY webhook_endpoints_failing_of_all ON webhook_endpoints (created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND (failing_since IS NOT NULL OR disabled_by IN ('gone', 'failing'));
