-- What happened to a client that others want to hear of.

CREATE TABLE events (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT events_kind_form CHECK (kind ~ '^[a-z_]+(\.[a-z_]+)+$'),
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX events_oldest ON events (tenant_id, created_at, id);
COMMENT ON TABLE events IS 'Written in the transaction of what happened, for those who are told of it afterwards.';
COMMENT ON COLUMN events.data IS 'In the form of the wire contract.';
CALL protect_tenant_table('events');
GRANT SELECT, INSERT ON events TO countinghouse_app, countinghouse_worker;
GRANT DELETE ON events TO countinghouse_worker;
