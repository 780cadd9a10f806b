-- What superadmins need all day: a look inside one client, orders that did not reach ERPs, and dead jobs.

-- Opens a superadmin's transaction inside one client, on the login of clients' requests: sets the tenant, and raises
-- when what is remembered of the client is out of date. A suspended client can be looked at too.
CREATE FUNCTION begin_inside(wanted_tenant uuid, tenant_rights bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present bigint;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT t.rights_version INTO present FROM tenants t WHERE t.id = wanted_tenant;
    IF present IS DISTINCT FROM tenant_rights THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'what is remembered of the client is out of date',
            CONSTRAINT = 'rights_changed';
    END IF;
END
$$;
COMMENT ON FUNCTION begin_inside IS 'Sets the tenant of a superadmin''s transaction inside one client.';
REVOKE ALL ON FUNCTION begin_inside(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_inside(uuid, bigint) TO countinghouse_app;

CREATE TABLE superadmin_looks (
    session_id uuid NOT NULL REFERENCES superadmin_sessions (id) ON DELETE CASCADE,
    list text NOT NULL CONSTRAINT superadmin_looks_list_form CHECK (list ~ '^[a-z_]{1,40}$'),
    looked_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, list)
);
COMMENT ON TABLE superadmin_looks IS 'Which lists over all clients a session has looked at: the operator''s audit log says so once.';
CALL protect_platform_table('superadmin_looks');
GRANT SELECT, INSERT ON superadmin_looks TO countinghouse_platform;

-- How orders stand on their way to ERPs, and why they did not arrive. What is sent, and answered, is about people:
-- it is seen inside one client only.
CREATE POLICY platform_all ON erp_syncs FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, max_attempts,
    outcome_unknown, idempotency_key, next_attempt_at, last_attempt_at, last_error, warning, erp_reference, erp_status,
    discard_reason, created_at, updated_at, finished_at) ON erp_syncs TO countinghouse_platform;

-- Dead jobs are let go again, or given up. A retry of many syncs is a job of each client's.
GRANT INSERT ON jobs TO countinghouse_platform;
GRANT UPDATE (state, attempts, run_at, finished_at) ON jobs TO countinghouse_platform;
GRANT EXECUTE ON FUNCTION job_figures(timestamptz) TO countinghouse_platform;

-- Of jobs with one unique key at most one waits: where another does, this one has nothing left to do.
CREATE FUNCTION retry_dead_job(wanted_tenant uuid, wanted_job uuid, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    became text;
BEGIN
    UPDATE jobs j SET state = 'waiting', attempts = 0, run_at = at, finished_at = NULL
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.state = 'dead' RETURNING j.state INTO became;
    RETURN became;
EXCEPTION WHEN unique_violation THEN
    UPDATE jobs j SET state = 'cancelled', finished_at = at
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.state = 'dead' RETURNING j.state INTO became;
    RETURN became;
END
$$;
COMMENT ON FUNCTION retry_dead_job IS 'Lets a dead job wait again, with all its attempts before it, and says what it became; null when it is not dead.';
REVOKE ALL ON FUNCTION retry_dead_job(uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retry_dead_job(uuid, uuid, timestamptz) TO countinghouse_platform;
