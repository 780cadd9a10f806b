REVOKE UPDATE (run_at) ON jobs FROM countinghouse_app;
DROP TRIGGER events_are_given_out ON events;
DROP FUNCTION give_out_event();
ALTER TABLE events DROP COLUMN heard;
DROP TABLE webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints;
