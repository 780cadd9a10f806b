-- What happens to an order calls for the ERP to be told, in the same transaction.

-- An event of an order brings its row with it, so nobody who writes events need know, and whoever makes an order
-- pays no round trip for it: where no ERP is linked it costs one look at a primary key. The order is locked, or not
-- there for others yet, so its versions are counted one by one.
CREATE FUNCTION tell_erp_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    link record;
    told CONSTANT uuid := (NEW.data ->> 'order_id')::uuid;
    last_version integer;
BEGIN
    SELECT c.immediate_sync, c.max_attempts INTO link FROM erp_configs c
        WHERE c.tenant_id = NEW.tenant_id AND c.enabled;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    SELECT max(s.order_version) INTO last_version FROM erp_syncs s
        WHERE s.tenant_id = NEW.tenant_id AND s.order_id = told;
    -- What the ERP was never to know, it is not told the changes of.
    IF last_version IS NULL AND NEW.kind <> 'order.invoiced' THEN
        RETURN NEW;
    END IF;
    INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, max_attempts,
            idempotency_key, next_attempt_at, created_at, updated_at)
        VALUES (NEW.tenant_id, NEW.id, told, NEW.data ->> 'order_number', coalesce(last_version, 0) + 1,
            CASE NEW.kind WHEN 'order.invoiced' THEN 'invoice' WHEN 'order.edited' THEN 'edit'
                WHEN 'order.cancelled' THEN 'cancel' ELSE 'return' END,
            CASE WHEN link.immediate_sync THEN 'pending' ELSE 'queued' END, link.max_attempts,
            'ERP_' || replace(NEW.id::text, '-', ''), CASE WHEN link.immediate_sync THEN NEW.created_at END,
            NEW.created_at, NEW.created_at);
    -- A job for each, for a row that orders share would let one wait for the other's commit.
    IF link.immediate_sync THEN
        INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at)
            VALUES (NEW.tenant_id, gen_random_uuid(), 'sync_with_erp', 1, '{}', 100, NEW.created_at, NEW.created_at);
        NEW.heard := true;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION tell_erp_of_order IS 'Trigger: what happens to an order is to be told the client''s ERP, where one is linked.';
COMMENT ON COLUMN events.heard IS 'Whether a job came with it: an endpoint listened for it, or the ERP is told at once.';
CREATE TRIGGER events_reach_the_erp BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.kind IN ('order.invoiced', 'order.edited', 'order.cancelled', 'return.created'))
    EXECUTE FUNCTION tell_erp_of_order();

-- Whoever is erased is erased from what the ERP is to be sent, and was. What waits is made anew from the order.
CREATE FUNCTION erase_customer_from_erp_syncs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE erp_syncs s SET payload = NULL, updated_at = NEW.updated_at,
            last_error = CASE WHEN s.last_error IS NOT NULL THEN 'Erased with the customer.' END
        FROM orders o WHERE o.tenant_id = NEW.tenant_id AND o.customer_id = NEW.id
        AND s.tenant_id = NEW.tenant_id AND s.order_id = o.id
        AND (s.payload IS NOT NULL OR s.last_error IS NOT NULL);
    UPDATE erp_attempts a SET request_body = NULL, body = NULL
        FROM orders o, erp_syncs s WHERE o.tenant_id = NEW.tenant_id AND o.customer_id = NEW.id
        AND s.tenant_id = NEW.tenant_id AND s.order_id = o.id
        AND a.tenant_id = NEW.tenant_id AND a.sync_id = s.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION erase_customer_from_erp_syncs IS 'Trigger: an erased customer is erased from what the ERP is sent, and was.';
-- After customers_erased, by its name: orders are locked before what is told of them.
CREATE TRIGGER customers_erased_from_erp_syncs AFTER UPDATE OF erased_at ON customers
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL)
    EXECUTE FUNCTION erase_customer_from_erp_syncs();
GRANT UPDATE (request_body, body) ON erp_attempts TO countinghouse_app;

-- A worker reads whole orders, to tell the ERP of them.
GRANT SELECT ON fulfilments, fulfilment_lines TO countinghouse_worker;

-- What the purge looks for.
CREATE INDEX erp_attempts_by_age ON erp_attempts (tenant_id, attempted_at);
CREATE INDEX erp_attempts_whole ON erp_attempts (tenant_id, attempted_at) WHERE whole;
