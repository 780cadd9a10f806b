-- Every invoiced order reaches the client's ERP.

CREATE TABLE erp_configs (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    enabled boolean NOT NULL,
    immediate_sync boolean NOT NULL,
    debug boolean NOT NULL,
    cron_enabled boolean NOT NULL,
    cron_schedule text NOT NULL CONSTRAINT erp_configs_cron_schedule_length CHECK (length(cron_schedule) <= 100),
    base_url text CONSTRAINT erp_configs_base_url_length CHECK (length(base_url) BETWEEN 1 AND 2000),
    api_key bytea,
    timeout_seconds integer NOT NULL
        CONSTRAINT erp_configs_timeout_seconds_bounds CHECK (timeout_seconds BETWEEN 1 AND 120),
    max_attempts integer NOT NULL CONSTRAINT erp_configs_max_attempts_bounds CHECK (max_attempts BETWEEN 1 AND 20),
    base_delay_seconds integer NOT NULL
        CONSTRAINT erp_configs_base_delay_seconds_bounds CHECK (base_delay_seconds BETWEEN 1 AND 3600),
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    open_until timestamptz,
    sender uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT erp_configs_enabled_ones_know_where CHECK (NOT enabled OR (base_url IS NOT NULL AND api_key IS NOT NULL))
);
COMMENT ON TABLE erp_configs IS 'Where a client''s ERP is, and how it is to be treated. One row a client, made by its first setting.';
COMMENT ON COLUMN erp_configs.immediate_sync IS 'False: what is invoiced waits for the cron.';
COMMENT ON COLUMN erp_configs.debug IS 'Keep what is sent and answered whole, for a day.';
COMMENT ON COLUMN erp_configs.api_key IS 'An envelope: the service has to show it to the ERP.';
COMMENT ON COLUMN erp_configs.failures IS 'Calls in a row that were not answered, or with a 5xx.';
COMMENT ON COLUMN erp_configs.failing_since IS 'When the first of them was made.';
COMMENT ON COLUMN erp_configs.open_until IS 'The breaker is open: nothing is sent until then, and one call after it.';
COMMENT ON COLUMN erp_configs.sender IS 'The job that sends, while that job runs: there is one at a time.';
CALL protect_tenant_table('erp_configs');
GRANT SELECT, INSERT, UPDATE ON erp_configs TO countinghouse_app;
GRANT SELECT, UPDATE ON erp_configs TO countinghouse_worker;

CREATE TABLE erp_secrets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_secrets_config_fkey FOREIGN KEY (tenant_id) REFERENCES erp_configs (tenant_id)
);
CREATE UNIQUE INDEX erp_secrets_present ON erp_secrets (tenant_id) WHERE expires_at IS NULL;
CREATE UNIQUE INDEX erp_secrets_previous ON erp_secrets (tenant_id) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE erp_secrets IS 'What is sent to the ERP is signed with, and its callbacks.';
COMMENT ON COLUMN erp_secrets.secret IS 'An envelope: the service has to sign with it.';
COMMENT ON COLUMN erp_secrets.expires_at IS 'Until when callbacks may be signed with the one before the last; null for the last.';
CALL protect_tenant_table('erp_secrets');
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON erp_secrets TO countinghouse_app;
GRANT SELECT, DELETE ON erp_secrets TO countinghouse_worker;

CREATE TABLE erp_syncs (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    order_version integer NOT NULL CONSTRAINT erp_syncs_order_version_bounds CHECK (order_version >= 1),
    cause text NOT NULL CONSTRAINT erp_syncs_cause_known
        CHECK (cause IN ('invoice', 'edit', 'cancel', 'return', 'resync', 'request')),
    status text NOT NULL CONSTRAINT erp_syncs_status_known
        CHECK (status IN ('pending', 'queued', 'in_progress', 'success', 'failed', 'discarded')),
    attempts integer NOT NULL DEFAULT 0 CONSTRAINT erp_syncs_attempts_bounds CHECK (attempts >= 0),
    max_attempts integer NOT NULL,
    outcome_unknown boolean NOT NULL DEFAULT false,
    idempotency_key text NOT NULL,
    payload text,
    next_attempt_at timestamptz,
    last_attempt_at timestamptz,
    last_error text,
    warning text,
    erp_reference text CONSTRAINT erp_syncs_erp_reference_length CHECK (length(erp_reference) BETWEEN 1 AND 200),
    erp_status text CONSTRAINT erp_syncs_erp_status_length CHECK (length(erp_status) BETWEEN 1 AND 100),
    discard_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_syncs_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    CONSTRAINT erp_syncs_one_a_version UNIQUE (tenant_id, order_id, order_version),
    CONSTRAINT erp_syncs_idempotency_key_key UNIQUE (tenant_id, idempotency_key),
    CONSTRAINT erp_syncs_waiting_ones_have_a_time CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT erp_syncs_ended_ones_have_a_time
        CHECK ((status IN ('success', 'failed', 'discarded')) = (finished_at IS NOT NULL)),
    CONSTRAINT erp_syncs_failed_ones_say_why CHECK (status <> 'failed' OR last_error IS NOT NULL),
    CONSTRAINT erp_syncs_discarded_ones_say_why CHECK ((status = 'discarded') = (discard_reason IS NOT NULL))
);
-- An order is told once at a time.
CREATE UNIQUE INDEX erp_syncs_one_under_way ON erp_syncs (tenant_id, order_id) WHERE status = 'in_progress';
CREATE INDEX erp_syncs_due ON erp_syncs (tenant_id, next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX erp_syncs_queued ON erp_syncs (tenant_id, created_at, id) WHERE status = 'queued';
CREATE INDEX erp_syncs_newest ON erp_syncs (tenant_id, created_at DESC, id DESC);
CREATE INDEX erp_syncs_by_status ON erp_syncs (tenant_id, status, created_at DESC, id DESC);
COMMENT ON TABLE erp_syncs IS 'One version of an order on its way to the ERP.';
COMMENT ON COLUMN erp_syncs.order_version IS '1: as it was invoiced; then one for each change that the ERP is told, and for each that was forced.';
COMMENT ON COLUMN erp_syncs.attempts IS 'Begun ones, counted before anything is sent.';
COMMENT ON COLUMN erp_syncs.outcome_unknown IS 'The last attempt ended without an answer: the ERP may have it.';
COMMENT ON COLUMN erp_syncs.idempotency_key IS 'The same for all attempts.';
COMMENT ON COLUMN erp_syncs.payload IS 'The very bytes, kept from the first attempt until it is settled, since a key names one body.';
COMMENT ON COLUMN erp_syncs.warning IS 'What was odd about a success.';
COMMENT ON COLUMN erp_syncs.erp_status IS 'What the ERP said last of the order, in its answer or a callback.';
CALL protect_tenant_table('erp_syncs');
GRANT SELECT, INSERT, UPDATE ON erp_syncs TO countinghouse_app, countinghouse_worker;
GRANT DELETE ON erp_syncs TO countinghouse_worker;

CREATE TABLE erp_attempts (
    tenant_id uuid NOT NULL,
    sync_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL CONSTRAINT erp_attempts_kind_known CHECK (kind IN ('send', 'look_up')),
    attempted_at timestamptz NOT NULL,
    duration_ms bigint,
    request_body text,
    status integer,
    headers jsonb,
    body text,
    error text,
    whole boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, sync_id, number),
    CONSTRAINT erp_attempts_sync_fkey FOREIGN KEY (tenant_id, sync_id)
        REFERENCES erp_syncs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT erp_attempts_end_in_one_way CHECK (status IS NULL OR error IS NULL)
);
COMMENT ON TABLE erp_attempts IS 'Each call of the ERP: what was sent, and what came back, or why nothing did.';
COMMENT ON COLUMN erp_attempts.number IS 'Counts sends and look-ups of one sync together.';
COMMENT ON COLUMN erp_attempts.duration_ms IS 'Null, like all that came of it, while it is under way, and for good where its worker was lost.';
COMMENT ON COLUMN erp_attempts.whole IS 'Kept uncut for a day, since the client asked for it.';
CALL protect_tenant_table('erp_attempts');
GRANT SELECT, DELETE ON erp_attempts TO countinghouse_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON erp_attempts TO countinghouse_worker;

-- Whether the ERP has an order as it stands.
GRANT UPDATE (erp_synced) ON orders TO countinghouse_app, countinghouse_worker;
