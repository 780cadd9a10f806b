-- Those whose error has some text in it. Superadmins' policy holds for all rows, so it does not switch this off.
CREATE INDEX CONCURRENTLY erp_syncs_errors_of_all ON erp_syncs USING gin (last_error gin_trgm_ops)
    WHERE status = 'failed';
