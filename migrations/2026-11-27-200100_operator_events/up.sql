-- What changed, for superadmins' live screens.
--
-- Whoever changes something puts it on a list, by triggers, in its own transaction. A reader gives what stands there
-- the next numbers, while nobody else does: so what is committed late gets a late number, and a reader who has come as
-- far as one number has seen all before it. Nobody's commit waits for anybody's.

CREATE TABLE operator_news (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CONSTRAINT operator_news_kind_form CHECK (kind ~ '^[a-z_]{1,30}\.[a-z_]{1,40}$'),
    client_id uuid,
    resource_id text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE operator_news IS 'What changed and has no number yet.';
COMMENT ON COLUMN operator_news.data IS 'Ids and counts: nothing about people, and no text that a client wrote.';
CALL protect_platform_table('operator_news');

CREATE TABLE operator_events (
    sequence bigint PRIMARY KEY CONSTRAINT operator_events_sequence_bounds CHECK (sequence > 0),
    kind text NOT NULL,
    client_id uuid,
    resource_id text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX operator_events_by_age ON operator_events (created_at);
COMMENT ON TABLE operator_events IS 'What changed, in the order in which it was seen; kept for a day.';
CALL protect_platform_table('operator_events');
GRANT SELECT ON operator_events TO countinghouse_platform;

CREATE TABLE operator_stream (
    id integer PRIMARY KEY CONSTRAINT operator_stream_is_one CHECK (id = 1),
    last_sequence bigint NOT NULL,
    purged_through bigint NOT NULL,
    watched_until timestamptz NOT NULL,
    CONSTRAINT operator_stream_order CHECK (purged_through BETWEEN 0 AND last_sequence)
);
COMMENT ON TABLE operator_stream IS 'How far the numbers have come, and whether somebody looks. One row, which whoever gives numbers holds.';
COMMENT ON COLUMN operator_stream.watched_until IS 'Somebody looks, or comes back to where they were: until then the coming and going of every order is told too.';
CALL protect_platform_table('operator_stream');
GRANT SELECT, UPDATE (watched_until) ON operator_stream TO countinghouse_platform;
INSERT INTO operator_stream VALUES (1, 0, 0, '-infinity');

-- SECURITY DEFINER: clients' requests and jobs have no business with these tables.
CREATE FUNCTION tell_operator(kind text, client uuid, resource text, data jsonb, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    INSERT INTO public.operator_news (kind, client_id, resource_id, data, created_at)
        VALUES (kind, client, resource, jsonb_strip_nulls(data), at);
END;
COMMENT ON FUNCTION tell_operator IS 'Puts on the list what superadmins'' screens are told of.';

CREATE FUNCTION tell_operator_of_client() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator(CASE
            WHEN TG_OP = 'INSERT' THEN 'tenant.created'
            WHEN OLD.status = NEW.status THEN 'tenant.changed'
            WHEN NEW.status = 'suspended' THEN 'tenant.suspended'
            ELSE 'tenant.resumed' END,
        NEW.id, NEW.slug, '{}', NEW.updated_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_client IS 'Trigger: a client came, or changed.';
CREATE TRIGGER tenants_tell_operator_of_new AFTER INSERT ON tenants
    FOR EACH ROW EXECUTE FUNCTION tell_operator_of_client();
CREATE TRIGGER tenants_tell_operator AFTER UPDATE OF status, version ON tenants
    FOR EACH ROW WHEN ((OLD.status, OLD.version) IS DISTINCT FROM (NEW.status, NEW.version))
    EXECUTE FUNCTION tell_operator_of_client();

-- What goes well is told while somebody looks: there is one for every step of every order.
CREATE FUNCTION tell_operator_of_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.kind = 'erp_sync.failed'
        OR EXISTS (SELECT FROM operator_stream s WHERE s.watched_until > NEW.created_at)
    THEN
        PERFORM tell_operator(NEW.kind, NEW.tenant_id, NEW.data ->> 'sync_id', jsonb_build_object(
            'order_id', NEW.data -> 'order_id', 'order_version', NEW.data -> 'order_version',
            'attempts', NEW.data -> 'attempts'), NEW.created_at);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_event IS 'Trigger: an order went a step towards its client''s ERP.';
CREATE TRIGGER events_tell_operator AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.kind IN ('erp_sync.before_send', 'erp_sync.after_send', 'erp_sync.success', 'erp_sync.failed'))
    EXECUTE FUNCTION tell_operator_of_event();

CREATE FUNCTION tell_operator_of_sync() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator(CASE WHEN NEW.status = 'discarded' THEN 'erp_sync.discarded' ELSE 'erp_sync.retried' END,
        NEW.tenant_id, NEW.id::text,
        jsonb_build_object('order_id', NEW.order_id, 'order_version', NEW.order_version), NEW.updated_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_sync IS 'Trigger: what had failed is tried again, or something was given up.';
CREATE TRIGGER erp_syncs_tell_operator AFTER UPDATE OF status ON erp_syncs FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (NEW.status = 'discarded' OR (OLD.status = 'failed' AND NEW.status = 'pending')))
    EXECUTE FUNCTION tell_operator_of_sync();

CREATE FUNCTION tell_operator_of_breaker() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator(CASE WHEN NEW.open_until IS NULL THEN 'erp_breaker.closed' ELSE 'erp_breaker.opened' END,
        NEW.tenant_id, NEW.tenant_id::text, jsonb_build_object('failures', NEW.failures, 'open_until', NEW.open_until),
        NEW.updated_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_breaker IS 'Trigger: nothing is sent to a client''s ERP for a while, or it is again.';
CREATE TRIGGER erp_configs_tell_operator AFTER UPDATE OF open_until ON erp_configs FOR EACH ROW
    WHEN (OLD.open_until IS DISTINCT FROM NEW.open_until) EXECUTE FUNCTION tell_operator_of_breaker();

CREATE FUNCTION tell_operator_of_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator(CASE NEW.state WHEN 'dead' THEN 'job.dead' WHEN 'waiting' THEN 'job.retried'
            ELSE 'job.discarded' END,
        NEW.tenant_id, NEW.id::text, jsonb_build_object('kind', NEW.kind), coalesce(NEW.finished_at, NEW.run_at));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_job IS 'Trigger: a job was given up, or let go again.';
CREATE TRIGGER jobs_tell_operator AFTER UPDATE OF state ON jobs FOR EACH ROW
    WHEN ((OLD.state = 'dead') <> (NEW.state = 'dead')) EXECUTE FUNCTION tell_operator_of_job();

CREATE FUNCTION tell_operator_of_door() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator('session.' || NEW.kind, NEW.tenant_id, coalesce(NEW.session_id, NEW.id)::text,
        jsonb_build_object('user_id', NEW.user_id, 'session_id', NEW.session_id), NEW.created_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_door IS 'Trigger: somebody came in, left, or was turned away.';
CREATE TRIGGER session_events_tell_operator AFTER INSERT ON session_events FOR EACH ROW
    WHEN (NEW.kind IN ('login', 'login_failed', 'logout', 'refresh_reused', 'session_ended', 'second_factor_locked'))
    EXECUTE FUNCTION tell_operator_of_door();

CREATE FUNCTION tell_operator_of_endpoint() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator(CASE WHEN NEW.disabled_at IS NOT NULL THEN 'webhook_endpoint.disabled'
            WHEN OLD.disabled_at IS NOT NULL THEN 'webhook_endpoint.enabled'
            WHEN NEW.failing_since IS NULL THEN 'webhook_endpoint.recovered'
            ELSE 'webhook_endpoint.failing' END,
        NEW.tenant_id, NEW.id::text, jsonb_build_object('failing_since', NEW.failing_since), NEW.updated_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_endpoint IS 'Trigger: an endpoint is not reached, is reached again, or was switched off or on.';
CREATE TRIGGER webhook_endpoints_tell_operator AFTER UPDATE OF failing_since, disabled_at ON webhook_endpoints
    FOR EACH ROW WHEN ((OLD.failing_since IS NULL) <> (NEW.failing_since IS NULL)
        OR (OLD.disabled_at IS NULL) <> (NEW.disabled_at IS NULL))
    EXECUTE FUNCTION tell_operator_of_endpoint();

CREATE FUNCTION tell_operator_of_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM tell_operator('audit.recorded', NEW.client_id, NEW.id::text, jsonb_build_object('action', NEW.action),
        NEW.created_at);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tell_operator_of_entry IS 'Trigger: a superadmin or the operator did something.';
CREATE TRIGGER platform_audit_log_tell_operator AFTER INSERT ON platform_audit_log
    FOR EACH ROW EXECUTE FUNCTION tell_operator_of_entry();

-- Gives the next numbers to some of what is on the list, and says how far they have come. The row is held until the
-- numbers are committed, so nobody sees a later one before.
CREATE FUNCTION number_operator_news() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    last bigint;
    numbered bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM operator_news) THEN
        RETURN (SELECT s.last_sequence FROM operator_stream s);
    END IF;
    SELECT s.last_sequence INTO last FROM operator_stream s FOR UPDATE;
    WITH taken AS (
        DELETE FROM operator_news n WHERE n.id = ANY (ARRAY(SELECT o.id FROM operator_news o ORDER BY o.id LIMIT 5000))
        RETURNING n.*
    ), placed AS (
        INSERT INTO operator_events (sequence, kind, client_id, resource_id, data, created_at)
        SELECT last + row_number() OVER (ORDER BY t.id), t.kind, t.client_id, t.resource_id, t.data, t.created_at
        FROM taken t RETURNING 1
    )
    SELECT count(*) INTO numbered FROM placed;
    UPDATE operator_stream SET last_sequence = last + numbered;
    RETURN last + numbered;
END
$$;
COMMENT ON FUNCTION number_operator_news IS 'Numbers what changed, in the order in which it is seen; answers the last number.';

-- What nobody came to read is numbered first: it is as old as it is.
CREATE FUNCTION purge_operator_events(before timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    gone bigint;
BEGIN
    WHILE EXISTS (SELECT FROM operator_news) LOOP
        PERFORM number_operator_news();
    END LOOP;
    -- All up to the newest that is old enough: what is left has no gap.
    SELECT max(e.sequence) INTO gone FROM operator_events e WHERE e.created_at < before;
    IF gone IS NOT NULL THEN
        DELETE FROM operator_events e WHERE e.sequence <= gone;
        UPDATE operator_stream SET purged_through = gone;
    END IF;
END
$$;
COMMENT ON FUNCTION purge_operator_events IS 'Deletes what changed before then.';

REVOKE ALL ON FUNCTION tell_operator(text, uuid, text, jsonb, timestamptz), tell_operator_of_client(),
    tell_operator_of_event(), tell_operator_of_sync(), tell_operator_of_breaker(), tell_operator_of_job(),
    tell_operator_of_door(), tell_operator_of_endpoint(), tell_operator_of_entry(), number_operator_news(),
    purge_operator_events(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION number_operator_news() TO countinghouse_platform;
GRANT EXECUTE ON FUNCTION purge_operator_events(timestamptz) TO countinghouse_worker;
