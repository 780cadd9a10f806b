-- Events are sent to where clients' software listens, as Standard Webhooks has it.

CREATE TABLE webhook_endpoints (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    url text NOT NULL CONSTRAINT webhook_endpoints_url_length CHECK (length(url) BETWEEN 1 AND 2000),
    description text,
    event_types text[] NOT NULL,
    disabled_at timestamptz,
    disabled_by text CONSTRAINT webhook_endpoints_disabled_by_known CHECK (disabled_by IN ('user', 'gone', 'failing')),
    failing_since timestamptz,
    paused_until timestamptz,
    sender uuid,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_endpoints_disabled_by_somebody CHECK ((disabled_at IS NULL) = (disabled_by IS NULL)),
    CONSTRAINT webhook_endpoints_deleted_ones_are_disabled CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL)
);
CREATE INDEX webhook_endpoints_newest ON webhook_endpoints (tenant_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL;
-- What every event asks.
CREATE INDEX webhook_endpoints_listening ON webhook_endpoints (tenant_id) WHERE disabled_at IS NULL;
COMMENT ON TABLE webhook_endpoints IS 'Where a client''s software is told of events.';
COMMENT ON COLUMN webhook_endpoints.event_types IS 'What it is told of; empty: of everything.';
COMMENT ON COLUMN webhook_endpoints.failing_since IS 'Since when nothing has reached it, though it was tried.';
COMMENT ON COLUMN webhook_endpoints.paused_until IS 'It asked to be left alone until then.';
COMMENT ON COLUMN webhook_endpoints.sender IS 'The job that sends to it, while that job runs: there is one at a time.';
COMMENT ON COLUMN webhook_endpoints.deleted_at IS 'Its log stays until the purge.';
CALL protect_tenant_table('webhook_endpoints');
GRANT SELECT, INSERT, UPDATE ON webhook_endpoints TO countinghouse_app;
GRANT SELECT, UPDATE, DELETE ON webhook_endpoints TO countinghouse_worker;

CREATE TABLE webhook_secrets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_secrets_endpoint_fkey FOREIGN KEY (tenant_id, endpoint_id)
        REFERENCES webhook_endpoints (tenant_id, id) ON DELETE CASCADE
);
-- One is in force, and at most one other still signs beside it.
CREATE UNIQUE INDEX webhook_secrets_present ON webhook_secrets (tenant_id, endpoint_id) WHERE expires_at IS NULL;
CREATE UNIQUE INDEX webhook_secrets_previous ON webhook_secrets (tenant_id, endpoint_id) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE webhook_secrets IS 'What deliveries to an endpoint are signed with.';
COMMENT ON COLUMN webhook_secrets.secret IS 'An envelope: the service has to sign with it.';
COMMENT ON COLUMN webhook_secrets.expires_at IS 'Until when the one before the last still signs; null for the last.';
CALL protect_tenant_table('webhook_secrets');
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON webhook_secrets TO countinghouse_app;
GRANT SELECT ON webhook_secrets TO countinghouse_worker;

CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    cause text NOT NULL CONSTRAINT webhook_deliveries_cause_known CHECK (cause IN ('event', 'replay', 'test')),
    state text NOT NULL DEFAULT 'pending'
        CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('pending', 'delivered', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0
        CONSTRAINT webhook_deliveries_attempts_bounds CHECK (attempts BETWEEN 0 AND 100),
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_deliveries_endpoint_fkey FOREIGN KEY (tenant_id, endpoint_id)
        REFERENCES webhook_endpoints (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_event_fkey FOREIGN KEY (tenant_id, event_id)
        REFERENCES events (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_pending_ones_have_a_time CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_ended_ones_have_a_time CHECK ((state = 'pending') = (finished_at IS NULL))
);
-- However often an event is given out.
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (tenant_id, event_id, endpoint_id)
    WHERE cause = 'event';
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (tenant_id, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at, id)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (tenant_id, endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries
    (tenant_id, endpoint_id, state, created_at DESC, id DESC);
COMMENT ON TABLE webhook_deliveries IS 'An event on its way to one endpoint, purged with its event.';
COMMENT ON COLUMN webhook_deliveries.cause IS 'Replays and tests were asked for by hand.';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'Those whose outcome is known.';
CALL protect_tenant_table('webhook_deliveries');
GRANT SELECT, INSERT ON webhook_deliveries TO countinghouse_app;
GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO countinghouse_worker;

CREATE TABLE webhook_attempts (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    attempted_at timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    status integer,
    headers jsonb,
    body text,
    error text,
    PRIMARY KEY (tenant_id, delivery_id, number),
    CONSTRAINT webhook_attempts_delivery_fkey FOREIGN KEY (tenant_id, delivery_id)
        REFERENCES webhook_deliveries (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_attempts_end_in_one_way CHECK ((status IS NULL) <> (error IS NULL)),
    CONSTRAINT webhook_attempts_body_length CHECK (length(body) <= 5000)
);
COMMENT ON TABLE webhook_attempts IS 'What became of each try to deliver: an answer, or why there was none.';
COMMENT ON COLUMN webhook_attempts.headers IS 'The first ones by name, cut.';
COMMENT ON COLUMN webhook_attempts.body IS 'How the answer begins.';
CALL protect_tenant_table('webhook_attempts');
GRANT SELECT ON webhook_attempts TO countinghouse_app;
GRANT SELECT, INSERT ON webhook_attempts TO countinghouse_worker;

-- An event that somebody listens for brings the job with it that gives it out. Whoever writes events need not
-- know, also copies of an older binary; and where nobody listens it costs one look at an index.
ALTER TABLE events ADD COLUMN heard boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN events.heard IS 'Whether an endpoint listened for it when it happened.';
CREATE FUNCTION give_out_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A test is for one endpoint, whose delivery comes with it.
    NEW.heard := NEW.kind <> 'webhook.test' AND EXISTS (
        SELECT FROM webhook_endpoints e WHERE e.tenant_id = NEW.tenant_id AND e.disabled_at IS NULL
        AND (e.event_types = '{}' OR NEW.kind = ANY (e.event_types)));
    IF NEW.heard THEN
        INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at)
            VALUES (NEW.tenant_id, gen_random_uuid(), 'give_out_event', 1, jsonb_build_object('event', NEW.id), 100,
                NEW.created_at, NEW.created_at);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION give_out_event IS 'Stores the job that gives an event out, where an endpoint listens for it.';
CREATE TRIGGER events_are_given_out BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION give_out_event();

-- A request that brings a job forward which waits (enqueue_soonest_in).
GRANT UPDATE (run_at) ON jobs TO countinghouse_app;
