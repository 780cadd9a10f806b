DROP INDEX CONCURRENTLY erp_syncs_ended_of_all;
