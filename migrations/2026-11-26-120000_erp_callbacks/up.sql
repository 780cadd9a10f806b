-- What clients' ERPs tell of orders by themselves.

ALTER TABLE erp_attempts ADD COLUMN outcome_unknown boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN erp_attempts.outcome_unknown IS 'The ERP may have done what it was asked: so until it answers, and where nobody knows whether it did.';

-- By the number that people and ERPs know an order by.
CREATE INDEX erp_syncs_of_number ON erp_syncs (tenant_id, order_number, order_version DESC);

CREATE TABLE erp_callbacks (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sync_id uuid NOT NULL,
    erp_reference text CONSTRAINT erp_callbacks_erp_reference_length CHECK (length(erp_reference) BETWEEN 1 AND 200),
    erp_status text CONSTRAINT erp_callbacks_erp_status_length CHECK (length(erp_status) BETWEEN 1 AND 100),
    outcome text NOT NULL
        CONSTRAINT erp_callbacks_outcome_known CHECK (outcome IN ('settled', 'applied', 'unchanged', 'contradicts')),
    received_at timestamptz NOT NULL,
    repeats integer NOT NULL DEFAULT 0,
    repeated_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_callbacks_said_once UNIQUE NULLS NOT DISTINCT (tenant_id, sync_id, erp_reference, erp_status),
    CONSTRAINT erp_callbacks_sync_fkey FOREIGN KEY (tenant_id, sync_id)
        REFERENCES erp_syncs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT erp_callbacks_repeats_have_a_time CHECK ((repeats > 0) = (repeated_at IS NOT NULL))
);
COMMENT ON TABLE erp_callbacks IS 'What the ERP told of an order, each thing once, as long as the sync is kept; what else came with it, which may be about people, is not.';
COMMENT ON COLUMN erp_callbacks.repeats IS 'How often it was told again.';
CALL protect_tenant_table('erp_callbacks');
GRANT SELECT, INSERT, UPDATE (outcome, repeats, repeated_at) ON erp_callbacks TO countinghouse_app;

-- Opens a transaction for a caller without a session, whose message was signed with a secret of the client's: sets
-- the tenant, and raises when the client is suspended or what is remembered of it is out of date.
CREATE FUNCTION begin_signed(wanted_tenant uuid, tenant_rights bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT t.status, t.rights_version INTO seen FROM tenants t WHERE t.id = wanted_tenant;
    reason := CASE
        WHEN seen.status IS DISTINCT FROM 'active' THEN 'client_suspended'
        WHEN seen.rights_version <> tenant_rights THEN 'rights_changed'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the message may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
COMMENT ON FUNCTION begin_signed IS 'Sets the tenant of a transaction for a signed message after checking the client.';
REVOKE ALL ON FUNCTION begin_signed(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_signed(uuid, bigint), load_client(uuid) TO countinghouse_app;
