-- Claiming reads no more than the jobs that it takes, and one of each client that has any waiting, however
-- many are done. The planner cannot know how few that is and would read the whole table, so its ways to do
-- that are closed to these functions. Clients that are suspended or have all that they may are passed over,
-- however many there are, and after the last client comes the first.
CREATE OR REPLACE FUNCTION claim_jobs(worker_name text, after_tenant uuid, most integer, most_per_tenant integer,
    until_then timestamptz, at timestamptz) RETURNS SETOF jobs
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    here uuid := after_tenant;
    upto uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    turn uuid[] := '{}';
    waiting record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('countinghouse.claim_jobs'));
    WHILE cardinality(turn) < most LOOP
        SELECT j.tenant_id, j.run_at INTO waiting FROM jobs j
            WHERE j.state = 'waiting' AND j.tenant_id > here AND j.tenant_id <= upto
            ORDER BY j.tenant_id, j.run_at, j.id LIMIT 1;
        IF FOUND THEN
            here := waiting.tenant_id;
            IF waiting.run_at <= at AND EXISTS (SELECT FROM tenants t WHERE t.id = here AND t.status = 'active')
                AND most_per_tenant > (SELECT count(*) FROM jobs busy WHERE busy.tenant_id = here AND busy.state = 'running')
            THEN
                turn := turn || here;
            END IF;
        ELSE
            EXIT WHEN upto = after_tenant;
            here := '00000000-0000-0000-0000-000000000000';
            upto := after_tenant;
        END IF;
    END LOOP;
    IF turn = '{}' THEN
        RETURN;
    END IF;
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
ALTER FUNCTION hold_jobs(uuid[], uuid[], bigint[], timestamptz)
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off;
ALTER FUNCTION hand_back_jobs(uuid[], uuid[], bigint[], timestamptz)
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off;
