-- Who was turned away, of all clients, newest first.
CREATE INDEX CONCURRENTLY session_events_refused_of_all ON session_events (created_at DESC, id DESC)
    WHERE kind IN ('login_failed', 'refresh_reused', 'second_factor_failed', 'second_factor_locked');
