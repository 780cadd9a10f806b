-- Since when the oldest delivery of all clients has been due; what is delivered nobody sees here.
CREATE POLICY platform_all ON webhook_deliveries FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id, endpoint_id, state, next_attempt_at) ON webhook_deliveries TO countinghouse_platform;
