-- Superadmins see who is logged in and who was turned away, and which endpoints are not reached, of all clients.

GRANT SELECT (id, user_id, username, session_id, order_id, address) ON session_events TO countinghouse_platform;
GRANT SELECT (address, last_seen_at) ON sessions TO countinghouse_platform;
CREATE POLICY platform_all ON webhook_endpoints FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id, id, url, description, event_types, disabled_at, disabled_by, failing_since, deleted_at, version,
    created_at, updated_at) ON webhook_endpoints TO countinghouse_platform;

-- And which clients' ERPs are left alone for a while.
CREATE POLICY platform_all ON erp_configs FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id, enabled, failures, failing_since, open_until) ON erp_configs TO countinghouse_platform;
