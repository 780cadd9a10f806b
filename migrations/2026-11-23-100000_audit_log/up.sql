-- Who did what to what: for each client, and for the operator.

CREATE TABLE audit_log (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    created_at timestamptz NOT NULL,
    id uuid NOT NULL,
    actor_kind text NOT NULL CONSTRAINT audit_log_actor_known
        CHECK (actor_kind IN ('user', 'api_key', 'worker', 'superadmin', 'operator')),
    actor_id uuid,
    action text NOT NULL CONSTRAINT audit_log_action_form CHECK (action ~ '^[a-z_]{1,30}\.[a-z_]{1,40}$'),
    resource_id text NOT NULL CONSTRAINT audit_log_resource_length CHECK (length(resource_id) BETWEEN 1 AND 100),
    before jsonb,
    after jsonb,
    PRIMARY KEY (tenant_id, created_at, id),
    CONSTRAINT audit_log_who_is_known_has_an_id CHECK (actor_id IS NOT NULL OR actor_kind IN ('worker', 'operator'))
);
CREATE INDEX audit_log_of_actor ON audit_log (tenant_id, actor_id, created_at DESC, id DESC);
CREATE INDEX audit_log_of_action ON audit_log (tenant_id, action, created_at DESC, id DESC);
CREATE INDEX audit_log_of_resource ON audit_log (tenant_id, resource_id, created_at DESC, id DESC);
COMMENT ON TABLE audit_log IS 'Who did what to what. Entries come in the transaction of what they tell of, are never changed, and go only when the purge takes them.';
COMMENT ON COLUMN audit_log.actor_kind IS 'worker: a job of the service; operator: the command line, on the service''s own machine.';
COMMENT ON COLUMN audit_log.action IS 'thing.what_happened: the part before the dot is the kind of the resource.';
COMMENT ON COLUMN audit_log.before IS 'The members that differ, as they were. No secret, and nothing that erasing a person has to remove.';
CALL protect_tenant_table('audit_log');
CREATE POLICY platform_all ON audit_log TO countinghouse_platform USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_log TO countinghouse_app, countinghouse_worker;
GRANT DELETE ON audit_log TO countinghouse_worker;
GRANT INSERT ON audit_log TO countinghouse_platform;

CREATE TABLE audit_unsealed (
    tenant_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (tenant_id, created_at, id)
);
COMMENT ON TABLE audit_unsealed IS 'Entries that have no seal yet. An entry stands here until the sealer took it, however late it was committed: nothing is skipped by its place.';
CALL protect_tenant_table('audit_unsealed');
GRANT SELECT, DELETE ON audit_unsealed TO countinghouse_worker;

CREATE TABLE audit_seals (
    tenant_id uuid NOT NULL,
    sequence bigint NOT NULL CONSTRAINT audit_seals_sequence_bounds CHECK (sequence > 0),
    entry_created_at timestamptz NOT NULL,
    entry_id uuid NOT NULL,
    seal bytea NOT NULL CONSTRAINT audit_seals_length CHECK (length(seal) = 32),
    PRIMARY KEY (tenant_id, sequence),
    CONSTRAINT audit_seals_entry_key UNIQUE (tenant_id, entry_created_at, entry_id)
);
COMMENT ON TABLE audit_seals IS 'The chain: each seal is an HMAC of its entry, its number and the seal before.';
CALL protect_tenant_table('audit_seals');
GRANT SELECT, INSERT, DELETE ON audit_seals TO countinghouse_worker;

CREATE TABLE audit_chains (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    sealing_key bytea NOT NULL,
    last_sequence bigint NOT NULL,
    last_seal bytea NOT NULL CONSTRAINT audit_chains_seal_length CHECK (length(last_seal) = 32),
    purged_through bigint NOT NULL,
    purged_seal bytea NOT NULL CONSTRAINT audit_chains_purged_length CHECK (length(purged_seal) = 32),
    mac bytea NOT NULL CONSTRAINT audit_chains_mac_length CHECK (length(mac) = 32),
    CONSTRAINT audit_chains_order CHECK (purged_through BETWEEN 0 AND last_sequence)
);
COMMENT ON TABLE audit_chains IS 'Where a client''s chain ends and, after a purge, where it begins. Whoever seals holds the row.';
COMMENT ON COLUMN audit_chains.sealing_key IS 'Sealed envelope (platform/crypto), bound to this client, table and column.';
COMMENT ON COLUMN audit_chains.mac IS 'HMAC of the other columns: an end that was moved is noticed.';
CALL protect_tenant_table('audit_chains');
GRANT SELECT, INSERT, UPDATE (last_sequence, last_seal, purged_through, purged_seal, mac) ON audit_chains
    TO countinghouse_worker;

-- Whoever enters something need not think of the sealer. SECURITY DEFINER, since requests have no
-- business with its list.
CREATE FUNCTION queue_audit_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.audit_unsealed (tenant_id, created_at, id) SELECT e.tenant_id, e.created_at, e.id FROM entered e;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION queue_audit_entries IS 'Trigger: new entries wait to be sealed.';
REVOKE ALL ON FUNCTION queue_audit_entries() FROM PUBLIC;
CREATE TRIGGER audit_log_queue AFTER INSERT ON audit_log REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION queue_audit_entries();

-- Beside the grants, so that the owner's hand slips on it too.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'CH003', MESSAGE = format('%s is only added to', TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION refuse_change IS 'Trigger: this table is only added to.';
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_stay BEFORE UPDATE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The purge says first, under the chain's MAC, how far it goes; nothing else is deleted.
CREATE FUNCTION refuse_early_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'audit_seals' THEN
        PERFORM FROM gone g LEFT JOIN audit_chains c ON c.tenant_id = g.tenant_id
            WHERE coalesce(g.sequence > c.purged_through, true);
    ELSE
        PERFORM FROM gone g
            LEFT JOIN audit_seals s ON s.tenant_id = g.tenant_id AND s.entry_created_at = g.created_at AND s.entry_id = g.id
            LEFT JOIN audit_chains c ON c.tenant_id = g.tenant_id
            WHERE coalesce(s.sequence > c.purged_through, true);
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'CH003', MESSAGE = format('%s keeps what the purge has not reached', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_early_purge IS 'Trigger: only what lies before the checkpoint of the chain is deleted.';
REVOKE ALL ON FUNCTION refuse_early_purge() FROM PUBLIC;
CREATE TRIGGER audit_log_purge AFTER DELETE ON audit_log REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_early_purge();
CREATE TRIGGER audit_seals_purge AFTER DELETE ON audit_seals REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_early_purge();

-- A job for every client whose entries wait. For the workers, which see no client but the one that
-- they are in. Random ids, as in plant_daily_jobs.
CREATE FUNCTION plant_audit_seals(at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH RECURSIVE waiting AS (
        (SELECT u.tenant_id FROM audit_unsealed u ORDER BY u.tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT u.tenant_id FROM audit_unsealed u WHERE u.tenant_id > w.tenant_id ORDER BY u.tenant_id LIMIT 1)
            FROM waiting w WHERE w.tenant_id IS NOT NULL
    ), planted AS (
        INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, max_attempts, run_at, created_at)
            SELECT w.tenant_id, gen_random_uuid(), 'seal_audit', 1, '{}', 'client', 12, at, at
            FROM waiting w WHERE w.tenant_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j
                WHERE j.tenant_id = w.tenant_id AND j.kind = 'seal_audit' AND j.state IN ('waiting', 'running'))
            ON CONFLICT DO NOTHING
            RETURNING 1
    )
    SELECT count(*) FROM planted
$$;
COMMENT ON FUNCTION plant_audit_seals IS 'Stores a job for every client whose audit log has entries without a seal; answers how many.';
REVOKE ALL ON FUNCTION plant_audit_seals(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plant_audit_seals(timestamptz) TO countinghouse_worker;

-- The operator's own log. Superadmins are few: each entry gets its seal at once, while the chain's
-- one row is held.
CREATE TABLE platform_audit_log (
    sequence bigint PRIMARY KEY CONSTRAINT platform_audit_log_sequence_bounds CHECK (sequence > 0),
    created_at timestamptz NOT NULL,
    id uuid NOT NULL,
    actor_kind text NOT NULL CONSTRAINT platform_audit_log_actor_known CHECK (actor_kind IN ('superadmin', 'operator')),
    actor_id uuid,
    action text NOT NULL CONSTRAINT platform_audit_log_action_form CHECK (action ~ '^[a-z_]{1,30}\.[a-z_]{1,40}$'),
    resource_id text NOT NULL CONSTRAINT platform_audit_log_resource_length CHECK (length(resource_id) BETWEEN 1 AND 100),
    before jsonb,
    after jsonb,
    client_id uuid,
    seal bytea NOT NULL CONSTRAINT platform_audit_log_seal_length CHECK (length(seal) = 32),
    CONSTRAINT platform_audit_log_who_is_known_has_an_id CHECK (actor_id IS NOT NULL OR actor_kind = 'operator')
);
CREATE INDEX platform_audit_log_newest ON platform_audit_log (created_at DESC, id DESC);
COMMENT ON TABLE platform_audit_log IS 'What superadmins and the operator did, and who came in. What they did to a client is in that client''s log too.';
COMMENT ON COLUMN platform_audit_log.client_id IS 'The client that it was done to, if it was.';
CALL protect_platform_table('platform_audit_log');
GRANT SELECT, INSERT ON platform_audit_log TO countinghouse_platform;
CREATE TRIGGER platform_audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON platform_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE platform_audit_chain (
    id uuid PRIMARY KEY CONSTRAINT platform_audit_chain_is_one CHECK (id = '00000000-0000-0000-0000-000000000000'),
    sealing_key bytea NOT NULL,
    last_sequence bigint NOT NULL,
    last_seal bytea NOT NULL CONSTRAINT platform_audit_chain_seal_length CHECK (length(last_seal) = 32),
    purged_through bigint NOT NULL,
    purged_seal bytea NOT NULL CONSTRAINT platform_audit_chain_purged_length CHECK (length(purged_seal) = 32),
    mac bytea NOT NULL CONSTRAINT platform_audit_chain_mac_length CHECK (length(mac) = 32),
    CONSTRAINT platform_audit_chain_order CHECK (purged_through BETWEEN 0 AND last_sequence)
);
COMMENT ON TABLE platform_audit_chain IS 'As audit_chains, for the operator''s own log: one row. Nothing is purged there.';
CALL protect_platform_table('platform_audit_chain');
GRANT SELECT, INSERT, UPDATE (last_sequence, last_seal, purged_through, purged_seal, mac) ON platform_audit_chain
    TO countinghouse_platform;
