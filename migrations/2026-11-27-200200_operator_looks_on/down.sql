REVOKE SELECT (tenant_id, enabled, failures, failing_since, open_until) ON erp_configs FROM countinghouse_platform;
DROP POLICY platform_all ON erp_configs;
REVOKE SELECT (tenant_id, id, url, description, event_types, disabled_at, disabled_by, failing_since, deleted_at, version,
    created_at, updated_at) ON webhook_endpoints FROM countinghouse_platform;
DROP POLICY platform_all ON webhook_endpoints;
REVOKE SELECT (address, last_seen_at) ON sessions FROM countinghouse_platform;
REVOKE SELECT (id, user_id, username, session_id, order_id, address) ON session_events FROM countinghouse_platform;
