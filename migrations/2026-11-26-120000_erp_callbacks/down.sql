REVOKE EXECUTE ON FUNCTION load_client(uuid) FROM countinghouse_app;
DROP FUNCTION begin_signed(uuid, bigint);
DROP TABLE erp_callbacks;
DROP INDEX erp_syncs_of_number;
ALTER TABLE erp_attempts DROP COLUMN outcome_unknown;
