-- A worker that stops does not wait for its own transactions that hang: their jobs wait for the end of
-- their lease, and the process ends in its time.
CREATE OR REPLACE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    mine jobs;
BEGIN
    FOR mine IN
        SELECT j.* FROM unnest(tenants, ids, fences) AS m (tenant, id, fence)
        JOIN jobs j ON j.tenant_id = m.tenant AND j.id = m.id AND j.fence = m.fence AND j.state = 'running'
        FOR NO KEY UPDATE OF j SKIP LOCKED
    LOOP
        mine.attempts := mine.attempts - 1;
        PERFORM put_back_job(mine, false, NULL, mine.run_at, at);
    END LOOP;
END
$$;
