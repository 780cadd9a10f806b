-- Work that is done later, stored in the transaction that calls for it.

CREATE TABLE jobs (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT jobs_kind_form CHECK (kind ~ '^[a-z][a-z0-9_]{1,59}$'),
    payload_version integer NOT NULL,
    payload jsonb NOT NULL,
    unique_key text,
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT jobs_state_known CHECK (state IN ('waiting', 'running', 'done', 'dead', 'cancelled')),
    run_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL CONSTRAINT jobs_max_attempts_bounds CHECK (max_attempts BETWEEN 1 AND 100),
    fence bigint NOT NULL DEFAULT 0,
    worker text,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT jobs_who_runs_holds_a_lease CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT jobs_what_ended_has_its_time CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT jobs_dead_ones_say_why CHECK (state <> 'dead' OR last_error IS NOT NULL)
);
-- Two that say the same wait as one; one that runs may have looked before the other was called for.
CREATE UNIQUE INDEX jobs_unique_key ON jobs (tenant_id, kind, unique_key)
    WHERE state = 'waiting' AND unique_key IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (tenant_id, run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (tenant_id, lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (tenant_id, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_newest ON jobs (tenant_id, created_at DESC, id DESC);
COMMENT ON TABLE jobs IS 'Work to be done after the transaction that called for it. Done at least once: handlers are idempotent.';
COMMENT ON COLUMN jobs.payload_version IS 'Of which form the payload is: older ones wait while a newer binary is brought in.';
COMMENT ON COLUMN jobs.unique_key IS 'While one waits with this key, no second one is stored.';
COMMENT ON COLUMN jobs.fence IS 'Raised by each claim. Whoever writes an effect brings the fence of their claim: a worker that was given up for lost writes nothing.';
COMMENT ON COLUMN jobs.lease_until IS 'Until when the worker that runs it is believed in, unless it says that it lives.';
CALL protect_tenant_table('jobs');
GRANT SELECT, INSERT ON jobs TO countinghouse_app, countinghouse_worker;
GRANT UPDATE (state, finished_at, last_error) ON jobs TO countinghouse_app;
GRANT UPDATE, DELETE ON jobs TO countinghouse_worker;
CREATE POLICY platform_all ON jobs TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT ON jobs TO countinghouse_platform;
-- What becomes of a job whose attempt failed: it waits for the next one, is dead after its last, or
-- gives way to another that waits with the same key.
CREATE FUNCTION after_failure(job jobs) RETURNS text LANGUAGE sql STABLE RETURN CASE
    WHEN job.attempts >= job.max_attempts THEN 'dead'
    WHEN job.unique_key IS NOT NULL AND EXISTS (SELECT FROM public.jobs other WHERE other.tenant_id = job.tenant_id
        AND other.kind = job.kind AND other.unique_key = job.unique_key AND other.state = 'waiting') THEN 'cancelled'
    ELSE 'waiting'
END;
COMMENT ON FUNCTION after_failure IS 'The state of a job after an attempt that failed.';

-- The next functions work for all clients: SECURITY DEFINER, so that the worker's login itself sees
-- no client but the one that it is in.

-- Takes jobs to run. Clients come in turn, beginning after the one served last, each with no more
-- than its share and its own limit, so that nobody's backlog holds up another's; a suspended client's
-- jobs wait. One claims at a time, which keeps the limits exact.
CREATE FUNCTION claim_jobs(worker_name text, after_tenant uuid, most integer, most_per_tenant integer,
    until_then timestamptz, at timestamptz) RETURNS SETOF jobs
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    turn uuid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('countinghouse.claim_jobs'));
    WITH RECURSIVE ready AS (
        SELECT after_tenant AS tenant, 0 AS seen
        UNION ALL
        SELECT (SELECT j.tenant_id FROM jobs j WHERE j.state = 'waiting' AND j.run_at <= at AND j.tenant_id > r.tenant
                ORDER BY j.tenant_id LIMIT 1), r.seen + 1
            FROM ready r WHERE r.tenant IS NOT NULL AND r.seen < 4 * most
    )
    SELECT array_agg(free.tenant) INTO turn FROM (
        SELECT r.tenant FROM ready r JOIN tenants t ON t.id = r.tenant
        WHERE r.seen > 0 AND t.status = 'active' AND most_per_tenant >
            (SELECT count(*) FROM jobs busy WHERE busy.tenant_id = r.tenant AND busy.state = 'running')
        ORDER BY r.seen LIMIT most) free;
    RETURN QUERY
        WITH chosen AS (
            SELECT c.* FROM unnest(turn) AS of_tenant (tenant)
            CROSS JOIN LATERAL (
                SELECT j.tenant_id, j.id FROM jobs j
                WHERE j.tenant_id = of_tenant.tenant AND j.state = 'waiting' AND j.run_at <= at
                ORDER BY j.run_at, j.id
                LIMIT least(greatest(most / cardinality(turn), 1), most_per_tenant -
                    (SELECT count(*) FROM jobs busy WHERE busy.tenant_id = of_tenant.tenant AND busy.state = 'running'))
                FOR NO KEY UPDATE SKIP LOCKED
            ) c
        )
        UPDATE jobs j
            SET state = 'running', attempts = j.attempts + 1, fence = j.fence + 1, worker = worker_name,
                lease_until = until_then
            FROM chosen c WHERE j.tenant_id = c.tenant_id AND j.id = c.id
            RETURNING j.*;
END
$$;
COMMENT ON FUNCTION claim_jobs IS 'Takes jobs of all clients in turn, for a worker that holds them until its lease ends.';

-- A worker says that it lives. A job whose effect is being written just now is not waited for.
CREATE FUNCTION hold_jobs(tenants uuid[], ids uuid[], fences bigint[], until_then timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH mine AS (
        SELECT j.tenant_id, j.id FROM unnest(tenants, ids, fences) AS m (tenant, id, fence)
        JOIN jobs j ON j.tenant_id = m.tenant AND j.id = m.id AND j.fence = m.fence AND j.state = 'running'
        FOR NO KEY UPDATE OF j SKIP LOCKED
    )
    UPDATE jobs j SET lease_until = until_then FROM mine m WHERE j.tenant_id = m.tenant_id AND j.id = m.id
$$;
COMMENT ON FUNCTION hold_jobs IS 'Moves on the ends of a worker''s leases.';

-- A worker that stops gives back what it did not begin or cannot finish: it costs no attempt.
CREATE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH mine AS (
        SELECT j.tenant_id, j.id FROM unnest(tenants, ids, fences) AS m (tenant, id, fence)
        JOIN jobs j ON j.tenant_id = m.tenant AND j.id = m.id AND j.fence = m.fence AND j.state = 'running'
        FOR NO KEY UPDATE OF j
    )
    UPDATE jobs j SET state = 'waiting', attempts = j.attempts - 1, lease_until = NULL
        FROM mine m WHERE j.tenant_id = m.tenant_id AND j.id = m.id
$$;
COMMENT ON FUNCTION hand_back_jobs IS 'Puts jobs back as if they had not been claimed.';

-- An attempt failed.
CREATE FUNCTION fail_job(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, error text, next timestamptz,
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
COMMENT ON FUNCTION fail_job IS 'Keeps why an attempt failed, and puts the job back or gives it up for dead.';

-- Jobs whose worker was not heard of until its lease ended.
CREATE FUNCTION give_up_lost_jobs(at timestamptz) RETURNS bigint
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
COMMENT ON FUNCTION give_up_lost_jobs IS 'Puts back, or gives up for dead, what lost workers hold.';

REVOKE ALL ON FUNCTION after_failure(jobs), claim_jobs(text, uuid, integer, integer, timestamptz, timestamptz),
    hold_jobs(uuid[], uuid[], bigint[], timestamptz), hand_back_jobs(uuid[], uuid[], bigint[]),
    fail_job(uuid, uuid, bigint, text, timestamptz, boolean, timestamptz), give_up_lost_jobs(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION after_failure(jobs), claim_jobs(text, uuid, integer, integer, timestamptz, timestamptz),
    hold_jobs(uuid[], uuid[], bigint[], timestamptz), hand_back_jobs(uuid[], uuid[], bigint[]),
    fail_job(uuid, uuid, bigint, text, timestamptz, boolean, timestamptz), give_up_lost_jobs(timestamptz) TO countinghouse_worker;

-- Daily jobs of clients that have none, at some time in the next hour. Random ids (not UUIDv7, which
-- the service would make): their order says nothing.
CREATE FUNCTION plant_daily_jobs(daily text, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, max_attempts, run_at, created_at)
        SELECT t.id, gen_random_uuid(), daily, 1, '{}', 'daily', 12, at + random() * interval '1 hour', at
        FROM tenants t WHERE NOT EXISTS (SELECT FROM jobs j
            WHERE j.tenant_id = t.id AND j.kind = daily AND j.state IN ('waiting', 'running'))
        ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION plant_daily_jobs IS 'Stores a job of this kind for every client that has none.';
REVOKE ALL ON FUNCTION plant_daily_jobs(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plant_daily_jobs(text, timestamptz) TO countinghouse_worker;

-- What the purge deletes.
GRANT SELECT, DELETE ON session_events, sessions TO countinghouse_worker;

-- Opens a transaction of a job, in the round trip of BEGIN: sets the tenant, and raises when the job
-- is no longer this claim's, when the client is suspended, or when what is remembered of the client
-- is out of date. Whoever passes holds the job's row: until this transaction ends, nobody gives the
-- job to another.
CREATE FUNCTION begin_job(wanted_tenant uuid, wanted_job uuid, wanted_fence bigint, tenant_rights bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    PERFORM FROM jobs j WHERE j.tenant_id = wanted_tenant AND j.id = wanted_job AND j.fence = wanted_fence
        AND j.state = 'running' FOR NO KEY UPDATE;
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
COMMENT ON FUNCTION begin_job IS 'Sets the tenant of a job''s transaction after checking the claim and the client.';

-- What a job's transactions need of their client, remembered by the worker as requests remember it.
CREATE FUNCTION load_client(wanted_tenant uuid) RETURNS SETOF tenants LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    RETURN QUERY SELECT * FROM tenants t WHERE t.id = wanted_tenant;
END
$$;
COMMENT ON FUNCTION load_client IS 'A client, for the worker that does its jobs.';
REVOKE ALL ON FUNCTION begin_job(uuid, uuid, bigint, bigint), load_client(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_job(uuid, uuid, bigint, bigint), load_client(uuid) TO countinghouse_worker;
