-- Clients whose ERP does not answer.
CREATE INDEX CONCURRENTLY erp_configs_failing_of_all ON erp_configs (failing_since) WHERE failing_since IS NOT NULL;
