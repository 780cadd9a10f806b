DROP INDEX erp_attempts_whole, erp_attempts_by_age;
REVOKE SELECT ON fulfilments, fulfilment_lines FROM countinghouse_worker;
REVOKE UPDATE (request_body, body) ON erp_attempts FROM countinghouse_app;
DROP TRIGGER customers_erased_from_erp_syncs ON customers;
DROP FUNCTION erase_customer_from_erp_syncs();
DROP TRIGGER events_reach_the_erp ON events;
DROP FUNCTION tell_erp_of_order();
COMMENT ON COLUMN events.heard IS 'Whether an endpoint listened for it when it happened.';
