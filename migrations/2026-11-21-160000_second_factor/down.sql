ALTER TABLE superadmins DROP COLUMN failures, DROP COLUMN locked_until;

-- Lines of kinds that the older schema does not know are lost.
DELETE FROM session_events WHERE kind LIKE 'second_factor%' OR kind LIKE 'recovery_code%';
ALTER TABLE session_events DROP CONSTRAINT session_events_kind_known;
ALTER TABLE session_events ADD CONSTRAINT session_events_kind_known CHECK (kind IN (
    'login', 'login_failed', 'logout', 'refresh', 'refresh_reused', 'session_ended', 'password_changed'));
REVOKE INSERT ON session_events FROM countinghouse_platform;
DROP POLICY platform_all ON session_events;
REVOKE SELECT (tenant_id, id, user_id, ended_at), UPDATE (ended_at) ON sessions FROM countinghouse_platform;
DROP POLICY platform_all ON sessions;

DROP TABLE recovery_codes;
DROP TABLE second_factors;
REVOKE UPDATE (master_key_id, wrapped) ON platform_data_keys FROM countinghouse_platform;
DROP TABLE data_keys;
