REVOKE SELECT (tenant_id, endpoint_id, state, next_attempt_at) ON webhook_deliveries FROM countinghouse_platform;
DROP POLICY platform_all ON webhook_deliveries;
