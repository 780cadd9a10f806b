-- How the queue stands, for the operator's metrics.

CREATE INDEX jobs_dead ON jobs (tenant_id, kind) WHERE state = 'dead';

-- One SELECT for each state, so that each has its partial index: jobs that were done, of which there
-- are the most, are not looked at.
CREATE FUNCTION job_figures(at timestamptz)
RETURNS TABLE (kind text, state text, jobs bigint, oldest_due timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT j.kind,
        CASE WHEN t.status <> 'active' THEN 'suspended' WHEN j.run_at > at THEN 'scheduled' ELSE 'waiting' END,
        count(*), min(j.run_at) FILTER (WHERE t.status = 'active' AND j.run_at <= at)
    FROM jobs j JOIN tenants t ON t.id = j.tenant_id WHERE j.state = 'waiting' GROUP BY 1, 2
    UNION ALL
    SELECT j.kind, j.state, count(*), NULL FROM jobs j WHERE j.state = 'running' GROUP BY 1, 2
    UNION ALL
    SELECT j.kind, j.state, count(*), NULL FROM jobs j WHERE j.state = 'dead' GROUP BY 1, 2
$$;
COMMENT ON FUNCTION job_figures IS 'Jobs of all clients by kind and state, and since when the oldest of those that are due waits.';
REVOKE ALL ON FUNCTION job_figures(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_figures(timestamptz) TO countinghouse_worker;
