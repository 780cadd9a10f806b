DROP TRIGGER customers_erased_from_kept_answers ON customers;
DROP FUNCTION erase_customer_from_kept_answers();
COMMENT ON COLUMN idempotency_keys.request_sha256 IS 'Of the body: the same key with another one is refused.';
ALTER TABLE idempotency_keys DROP COLUMN person_id;
