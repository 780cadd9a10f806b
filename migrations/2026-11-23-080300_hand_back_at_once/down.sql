CREATE OR REPLACE FUNCTION hand_back_jobs(tenants uuid[], ids uuid[], fences bigint[], at timestamptz) RETURNS void
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
