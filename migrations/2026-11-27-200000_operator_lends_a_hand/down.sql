DROP FUNCTION retry_dead_job(uuid, uuid, timestamptz);
REVOKE EXECUTE ON FUNCTION job_figures(timestamptz) FROM countinghouse_platform;
REVOKE UPDATE (state, attempts, run_at, finished_at) ON jobs FROM countinghouse_platform;
REVOKE INSERT ON jobs FROM countinghouse_platform;
REVOKE SELECT (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, max_attempts,
    outcome_unknown, idempotency_key, next_attempt_at, last_attempt_at, last_error, warning, erp_reference, erp_status,
    discard_reason, created_at, updated_at, finished_at) ON erp_syncs FROM countinghouse_platform;
DROP POLICY platform_all ON erp_syncs;
DROP TABLE superadmin_looks;
DROP FUNCTION begin_inside(uuid, bigint);
