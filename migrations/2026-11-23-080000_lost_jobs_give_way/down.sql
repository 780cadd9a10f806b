-- As they were.
CREATE FUNCTION after_failure(job jobs) RETURNS text LANGUAGE sql STABLE RETURN CASE
    WHEN job.attempts >= job.max_attempts THEN 'dead'
    WHEN job.unique_key IS NOT NULL AND EXISTS (SELECT FROM public.jobs other WHERE other.tenant_id = job.tenant_id
        AND other.kind = job.kind AND other.unique_key = job.unique_key AND other.state = 'waiting') THEN 'cancelled'
    ELSE 'waiting'
END;
COMMENT ON FUNCTION after_failure IS 'The state of a job after an attempt that failed.';
REVOKE ALL ON FUNCTION after_failure(jobs) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION after_failure(jobs) TO countinghouse_worker;

CREATE OR REPLACE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH mine AS (
        SELECT j.tenant_id, j.id FROM unnest(tenants, ids, fences) AS m (tenant, id, fence)
        JOIN jobs j ON j.tenant_id = m.tenant AND j.id = m.id AND j.fence = m.fence AND j.state = 'running'
        FOR NO KEY UPDATE OF j
    )
    UPDATE jobs j SET state = 'waiting', attempts = j.attempts - 1, lease_until = NULL
        FROM mine m WHERE j.tenant_id = m.tenant_id AND j.id = m.id
$$;

CREATE OR REPLACE FUNCTION fail_job(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, error text, next timestamptz,
    hopeless boolean, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH mine AS (
        SELECT j.tenant_id, j.id, CASE WHEN hopeless THEN 'dead' ELSE after_failure(j) END AS state FROM jobs j
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.fence = wanted_fence AND j.state = 'running'
        FOR NO KEY UPDATE
    )
    UPDATE jobs j SET state = m.state, lease_until = NULL, run_at = next, last_error = error,
        finished_at = CASE WHEN m.state <> 'waiting' THEN at END
        FROM mine m WHERE j.tenant_id = m.tenant_id AND j.id = m.id
$$;

CREATE OR REPLACE FUNCTION give_up_lost_jobs(at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH late AS (
        SELECT j.tenant_id, j.id, after_failure(j) AS state FROM jobs j
        WHERE j.state = 'running' AND j.lease_until < at FOR NO KEY UPDATE SKIP LOCKED
    ), changed AS (
        UPDATE jobs j SET state = l.state, lease_until = NULL, run_at = at, last_error = 'the worker was lost',
            finished_at = CASE WHEN l.state <> 'waiting' THEN at END
            FROM late l WHERE j.tenant_id = l.tenant_id AND j.id = l.id RETURNING 1
    )
    SELECT count(*) FROM changed
$$;

DROP FUNCTION hand_back_jobs(uuid[], uuid[], bigint[], timestamptz);
DROP FUNCTION put_back_job(jobs, boolean, text, timestamptz, timestamptz);
