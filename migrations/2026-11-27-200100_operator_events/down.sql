DROP TRIGGER platform_audit_log_tell_operator ON platform_audit_log;
DROP TRIGGER webhook_endpoints_tell_operator ON webhook_endpoints;
DROP TRIGGER session_events_tell_operator ON session_events;
DROP TRIGGER jobs_tell_operator ON jobs;
DROP TRIGGER erp_configs_tell_operator ON erp_configs;
DROP TRIGGER erp_syncs_tell_operator ON erp_syncs;
DROP TRIGGER events_tell_operator ON events;
DROP TRIGGER tenants_tell_operator ON tenants;
DROP TRIGGER tenants_tell_operator_of_new ON tenants;
DROP FUNCTION purge_operator_events(timestamptz), number_operator_news(), tell_operator_of_entry(),
    tell_operator_of_endpoint(), tell_operator_of_door(), tell_operator_of_job(), tell_operator_of_breaker(),
    tell_operator_of_sync(), tell_operator_of_event(), tell_operator_of_client(),
    tell_operator(text, uuid, text, jsonb, timestamptz);
DROP TABLE operator_stream, operator_events, operator_news;
