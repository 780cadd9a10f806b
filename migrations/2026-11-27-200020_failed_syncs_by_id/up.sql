-- One of them, by its id alone.
CREATE INDEX CONCURRENTLY erp_syncs_ended_by_id_of_all ON erp_syncs (id) WHERE status IN ('failed', 'discarded');
