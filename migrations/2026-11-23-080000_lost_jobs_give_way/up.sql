-- Of jobs with one unique key, any number may run while at most one waits. Each function that puts jobs
-- back now does so one by one, and takes away those for which another waits: two that were lost
-- together blocked each other, and with them all that were lost.

-- Whoever calls it holds the job's row. The index decides, so that of two that are put back, or one
-- that is put back while another is stored, one waits.
CREATE FUNCTION put_back_job(job jobs, hopeless boolean, error text, next timestamptz, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    dead boolean := hopeless OR job.attempts >= job.max_attempts;
BEGIN
    UPDATE jobs j
        SET state = CASE WHEN dead THEN 'dead' ELSE 'waiting' END, attempts = job.attempts, lease_until = NULL,
            run_at = next, last_error = coalesce(error, j.last_error), finished_at = CASE WHEN dead THEN at END
        WHERE j.tenant_id = job.tenant_id AND j.id = job.id;
EXCEPTION WHEN unique_violation THEN
    UPDATE jobs j
        SET state = 'cancelled', attempts = job.attempts, lease_until = NULL,
            last_error = coalesce(error, j.last_error), finished_at = at
        WHERE j.tenant_id = job.tenant_id AND j.id = job.id;
END
$$;
COMMENT ON FUNCTION put_back_job IS 'Lets a job that ran wait again, or ends it: dead after its last attempt, cancelled where another waits with its key.';

CREATE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    mine jobs;
BEGIN
    FOR mine IN
        SELECT j.* FROM unnest(tenants, ids, fences) AS m (tenant, id, fence)
        JOIN jobs j ON j.tenant_id = m.tenant AND j.id = m.id AND j.fence = m.fence AND j.state = 'running'
        FOR NO KEY UPDATE OF j
    LOOP
        mine.attempts := mine.attempts - 1;
        PERFORM put_back_job(mine, false, NULL, mine.run_at, at);
    END LOOP;
END
$$;
COMMENT ON FUNCTION hand_back_jobs(uuid[], uuid[], bigint[], timestamptz) IS 'Puts jobs back as if they had not been claimed.';

-- As binaries before this one call it.
CREATE OR REPLACE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT hand_back_jobs(tenants, ids, fences, now())
$$;

CREATE OR REPLACE FUNCTION fail_job(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, error text,
    next timestamptz, hopeless boolean, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    mine jobs;
BEGIN
    SELECT j.* INTO mine FROM jobs j
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.fence = wanted_fence AND j.state = 'running'
        FOR NO KEY UPDATE;
    IF FOUND THEN
        PERFORM put_back_job(mine, hopeless, error, next, at);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION give_up_lost_jobs(at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    late jobs;
    found_late bigint := 0;
BEGIN
    FOR late IN
        SELECT j.* FROM jobs j WHERE j.state = 'running' AND j.lease_until < at FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        PERFORM put_back_job(late, false, 'the worker was lost', at, at);
        found_late := found_late + 1;
    END LOOP;
    RETURN found_late;
END
$$;

DROP FUNCTION after_failure(jobs);
REVOKE ALL ON FUNCTION put_back_job(jobs, boolean, text, timestamptz, timestamptz),
    hand_back_jobs(uuid[], uuid[], bigint[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hand_back_jobs(uuid[], uuid[], bigint[], timestamptz) TO countinghouse_worker;
