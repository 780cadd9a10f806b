REVOKE UPDATE (erp_synced) ON orders FROM countinghouse_worker;
DROP TABLE erp_attempts, erp_syncs, erp_secrets, erp_configs;
