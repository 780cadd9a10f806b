-- Jobs at set times.

CREATE TABLE schedules (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    kind text NOT NULL CONSTRAINT schedules_kind_form CHECK (kind ~ '^[a-z][a-z0-9_]{1,59}$'),
    cron text NOT NULL CONSTRAINT schedules_cron_length CHECK (length(cron) BETWEEN 5 AND 100),
    next_at timestamptz,
    PRIMARY KEY (tenant_id, kind)
);
COMMENT ON TABLE schedules IS 'Kinds of jobs that a client has done at set times, on its own clock.';
COMMENT ON COLUMN schedules.cron IS 'Five fields: minute, hour, day, month, day of the week.';
COMMENT ON COLUMN schedules.next_at IS 'When its job is stored next; null until a worker has worked it out, infinity when it never comes.';
CALL protect_tenant_table('schedules');
GRANT SELECT, INSERT, DELETE, UPDATE (cron, next_at) ON schedules TO countinghouse_app;

-- Another clock: the next time is worked out anew.
CREATE FUNCTION forget_next_times() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE schedules SET next_at = NULL WHERE tenant_id = NEW.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION forget_next_times IS 'Lets a client''s schedules follow its time zone.';
REVOKE ALL ON FUNCTION forget_next_times() FROM PUBLIC;
CREATE TRIGGER tenants_forget_next_times AFTER UPDATE OF time_zone ON tenants
    FOR EACH ROW WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION forget_next_times();

-- For workers, of all clients.
CREATE FUNCTION schedule_for_all(wanted text, wanted_cron text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO schedules (tenant_id, kind, cron) SELECT t.id, wanted, wanted_cron FROM tenants t
        WHERE NOT EXISTS (SELECT FROM schedules s
            WHERE s.tenant_id = t.id AND s.kind = wanted AND s.cron = wanted_cron)
        ORDER BY t.id
        ON CONFLICT (tenant_id, kind) DO UPDATE SET cron = wanted_cron, next_at = NULL
$$;
COMMENT ON FUNCTION schedule_for_all IS 'Gives every client a schedule that has none of this kind, or another.';

CREATE FUNCTION due_schedules(kinds text[], at timestamptz, most integer)
RETURNS TABLE (tenant_id uuid, kind text, cron text, time_zone text, next_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.tenant_id, s.kind, s.cron, t.time_zone, s.next_at FROM schedules s JOIN tenants t ON t.id = s.tenant_id
        WHERE s.kind = ANY (kinds) AND (s.next_at IS NULL OR s.next_at <= at) AND t.status = 'active' LIMIT most
$$;
COMMENT ON FUNCTION due_schedules IS 'Schedules whose time has come or is not known; those of suspended clients wait.';

-- One statement: the row that is moved on and the job are there together. Where another worker moved
-- it on first, or it was changed, it is no longer as it was seen. While a job waits for an earlier time,
-- no second one is stored. Random ids (not UUIDv7, which the service would make): their order says nothing.
CREATE FUNCTION move_schedules_on(tenants uuid[], kinds text[], seen timestamptz[], next timestamptz[],
    versions integer[], max_attempts integer[], at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH mine AS (
        SELECT m.* FROM unnest(tenants, kinds, seen, next, versions, max_attempts)
            AS m (tenant, kind, seen, next, version, attempts)
        JOIN schedules s ON s.tenant_id = m.tenant AND s.kind = m.kind AND s.next_at IS NOT DISTINCT FROM m.seen
        FOR NO KEY UPDATE OF s SKIP LOCKED
    ), moved AS (
        UPDATE schedules s SET next_at = coalesce(m.next, 'infinity')
            FROM mine m WHERE s.tenant_id = m.tenant AND s.kind = m.kind RETURNING m.*
    )
    INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, max_attempts, run_at, created_at)
        SELECT m.tenant, gen_random_uuid(), m.kind, m.version, '{}', 'schedule', m.attempts, m.seen, at
        FROM moved m WHERE m.seen IS NOT NULL
        ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION move_schedules_on IS 'Stores the jobs of schedules whose time has come, once.';

-- What is done for the operator, of no client.
CREATE TABLE chores (
    name text PRIMARY KEY CONSTRAINT chores_name_form CHECK (name ~ '^[a-z][a-z0-9_]{1,59}$'),
    next_at timestamptz NOT NULL
);
COMMENT ON TABLE chores IS 'Work of no client that comes at set times, and when it comes next.';
CALL protect_platform_table('chores');
GRANT SELECT ON chores TO countinghouse_platform;

CREATE FUNCTION take_chore(wanted text, next timestamptz, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO chores VALUES (wanted, coalesce(next, 'infinity')) ON CONFLICT DO NOTHING;
    UPDATE chores SET next_at = coalesce(next, 'infinity')
        WHERE name = (SELECT name FROM chores WHERE name = wanted AND next_at <= at FOR NO KEY UPDATE SKIP LOCKED);
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION take_chore IS 'Whether a chore is to be done in this transaction; until it ends, nobody else does it.';

CREATE FUNCTION purge_superadmin_sessions(before timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DELETE FROM superadmin_sessions WHERE least(ended_at, expires_at) < before
$$;
COMMENT ON FUNCTION purge_superadmin_sessions IS 'Deletes superadmins'' sessions that ended before then, with their refresh tokens.';

REVOKE ALL ON FUNCTION schedule_for_all(text, text), due_schedules(text[], timestamptz, integer),
    move_schedules_on(uuid[], text[], timestamptz[], timestamptz[], integer[], integer[], timestamptz),
    take_chore(text, timestamptz, timestamptz), purge_superadmin_sessions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schedule_for_all(text, text), due_schedules(text[], timestamptz, integer),
    move_schedules_on(uuid[], text[], timestamptz[], timestamptz[], integer[], integer[], timestamptz),
    take_chore(text, timestamptz, timestamptz), purge_superadmin_sessions(timestamptz) TO countinghouse_worker;

COMMENT ON FUNCTION plant_daily_jobs IS 'As schedule_for_all; called by binaries that know no schedules.';
