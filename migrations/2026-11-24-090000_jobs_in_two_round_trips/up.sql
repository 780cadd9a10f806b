-- A job costs two round trips beside its work: one that begins its last transaction, and the commit.

-- As begin_job, for the transaction in which the job ends: the UPDATE that checks the claim marks it as done.
-- What is written behind it is committed with that mark or not at all, and until then nobody else gets at
-- the job's row.
CREATE FUNCTION finish_job(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    UPDATE jobs j SET state = 'done', finished_at = at, lease_until = NULL
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.fence = wanted_fence AND j.state = 'running';
    IF NOT FOUND THEN
        reason := 'job_lost';
    ELSE
        SELECT t.status, t.rights_version INTO seen FROM tenants t WHERE t.id = wanted_tenant;
        reason := CASE
            WHEN seen.status <> 'active' THEN 'client_suspended'
            WHEN seen.rights_version <> tenant_rights THEN 'rights_changed'
        END;
    END IF;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the job may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
COMMENT ON FUNCTION finish_job IS 'Opens a job''s last transaction: checks the claim and the client, sets the tenant, and marks the job as done.';

-- Planned once in each connection. With the clients of the turn in sight, the planner finds a plan for just
-- these a little better each time, and planning takes longer than claiming.
ALTER FUNCTION claim_jobs(text, uuid, integer, integer, timestamptz, timestamptz)
    SET plan_cache_mode = force_generic_plan;

-- A claim whose answer was lost: each has a name of its own. It waits behind a claim that is still under way,
-- for the worker may be here before it.
CREATE FUNCTION undo_claim(name text, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    taken jobs;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('countinghouse.claim_jobs'));
    FOR taken IN SELECT j.* FROM jobs j WHERE j.state = 'running' AND j.worker = name FOR NO KEY UPDATE LOOP
        taken.attempts := taken.attempts - 1;
        PERFORM put_back_job(taken, false, NULL, taken.run_at, at);
    END LOOP;
END
$$;
COMMENT ON FUNCTION undo_claim IS 'Puts back what a claim took, as if it had not been.';

-- What is no fault of the job: its client was suspended, or the worker does not know its kind. Unlike
-- hand_back_jobs, by which a worker stops, it waits for whoever holds the row just now, for nobody puts
-- the job back later.
CREATE FUNCTION put_job_off(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, reason text,
    next timestamptz, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    mine jobs;
BEGIN
    SELECT j.* INTO mine FROM jobs j
        WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.fence = wanted_fence AND j.state = 'running'
        FOR NO KEY UPDATE;
    IF FOUND THEN
        mine.attempts := mine.attempts - 1;
        PERFORM put_back_job(mine, false, reason, coalesce(next, mine.run_at), at);
    END IF;
END
$$;
COMMENT ON FUNCTION put_job_off IS 'Lets a job wait again, at no attempt.';

REVOKE ALL ON FUNCTION finish_job(uuid, uuid, bigint, bigint, timestamptz), undo_claim(text, timestamptz),
    put_job_off(uuid, uuid, bigint, text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION finish_job(uuid, uuid, bigint, bigint, timestamptz), undo_claim(text, timestamptz),
    put_job_off(uuid, uuid, bigint, text, timestamptz, timestamptz) TO countinghouse_worker;
