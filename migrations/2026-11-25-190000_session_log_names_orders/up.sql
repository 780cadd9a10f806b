-- A line about an order says which. Lines from before, and those of older binaries, name none.
ALTER TABLE session_events
    ADD COLUMN order_id uuid,
    ADD CONSTRAINT session_events_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)
        NOT VALID,
    ADD CONSTRAINT session_events_order_is_of_its_kind
        CHECK (order_id IS NULL OR kind IN ('order_edited', 'order_cancelled')) NOT VALID;
ALTER TABLE session_events VALIDATE CONSTRAINT session_events_order_fkey;
ALTER TABLE session_events VALIDATE CONSTRAINT session_events_order_is_of_its_kind;
COMMENT ON COLUMN session_events.order_id IS 'The order that was edited or cancelled.';
