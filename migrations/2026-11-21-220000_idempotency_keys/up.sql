-- Answers that were given, for requests that come again with the same Idempotency-Key.

CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    scope_sha256 bytea NOT NULL CONSTRAINT idempotency_keys_scope_length CHECK (length(scope_sha256) = 32),
    request_sha256 bytea NOT NULL CONSTRAINT idempotency_keys_request_length CHECK (length(request_sha256) = 32),
    status smallint NOT NULL CONSTRAINT idempotency_keys_of_success CHECK (status BETWEEN 200 AND 299),
    etag text,
    location text,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, scope_sha256)
);
CREATE INDEX idempotency_keys_oldest ON idempotency_keys (tenant_id, created_at);
COMMENT ON TABLE idempotency_keys IS 'The answer of a request that was sent with a key, written in the transaction of its effect. After 24 hours it is ignored, may be written over, and may be removed.';
COMMENT ON COLUMN idempotency_keys.scope_sha256 IS 'Of caller, method, path and key; the key itself is kept nowhere.';
COMMENT ON COLUMN idempotency_keys.request_sha256 IS 'Of the body: the same key with another one is refused.';
CALL protect_tenant_table('idempotency_keys');
GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO countinghouse_app;
GRANT SELECT, DELETE ON idempotency_keys TO countinghouse_worker;

-- Called in the round trip that begins a transaction, after begin_session. Who comes while another
-- holds the key does not wait for it; the look comes after the lock, in a snapshot of its own.
CREATE FUNCTION claim_idempotency_key(lock_key bigint, scope bytea, answered_since timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    reason text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(lock_key) THEN
        reason := 'idempotency_in_progress';
    ELSIF EXISTS (SELECT FROM idempotency_keys k
                  WHERE k.tenant_id = current_setting('app.tenant_id')::uuid AND k.scope_sha256 = scope
                      AND k.created_at > answered_since) THEN
        reason := 'idempotency_answered';
    END IF;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH003', MESSAGE = 'the key is taken: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
COMMENT ON FUNCTION claim_idempotency_key IS 'Holds a key until the transaction ends, or raises: it is in progress, or was answered.';
REVOKE ALL ON FUNCTION claim_idempotency_key(bigint, bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_idempotency_key(bigint, bytea, timestamptz) TO countinghouse_app;
