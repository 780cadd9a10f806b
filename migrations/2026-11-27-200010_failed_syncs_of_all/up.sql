-- What did not arrive, of all clients, newest first, for superadmins. Orders that arrive never come in here.
CREATE INDEX CONCURRENTLY erp_syncs_ended_of_all ON erp_syncs (status, created_at DESC, id DESC)
    INCLUDE (tenant_id) WHERE status IN ('failed', 'discarded');
