ALTER FUNCTION hand_back_jobs(uuid[], uuid[], bigint[], timestamptz) RESET enable_seqscan RESET enable_hashjoin RESET enable_mergejoin;
ALTER FUNCTION hold_jobs(uuid[], uuid[], bigint[], timestamptz) RESET enable_seqscan RESET enable_hashjoin RESET enable_mergejoin;

CREATE OR REPLACE FUNCTION claim_jobs(worker_name text, after_tenant uuid, most integer, most_per_tenant integer,
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
