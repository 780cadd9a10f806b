-- Whoever is erased is erased from the kept answers too. The answers stay, or a request that comes
-- again would be done again: they say from then on what the thing itself would say.

ALTER TABLE idempotency_keys ADD COLUMN person_id uuid;
CREATE INDEX idempotency_keys_of_person ON idempotency_keys (tenant_id, person_id) WHERE person_id IS NOT NULL;
COMMENT ON COLUMN idempotency_keys.person_id IS 'The customer whom the answer tells of, if any: they are erased from it when they are erased.';
COMMENT ON COLUMN idempotency_keys.request_sha256 IS 'An HMAC of the body under a key of the service, for a body may hold a password: the same key with another body is refused.';

CREATE FUNCTION erase_customer_from_kept_answers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_order CONSTANT jsonb := '{"customer": null, "billing_address": null, "shipping_address": null}';
    of_customer CONSTANT jsonb := '{"email": null, "first_name": null, "last_name": null, "company": null,
        "phone": null, "billing_address": null, "shipping_address": null, "note": null}';
BEGIN
    UPDATE idempotency_keys SET person_id = NULL,
            body = convert_to((answer || CASE WHEN answer ? 'customer' THEN of_order ELSE of_customer END)::text, 'UTF8')
        FROM (SELECT k.scope_sha256 AS scope, convert_from(k.body, 'UTF8')::jsonb AS answer FROM idempotency_keys k
              WHERE k.tenant_id = NEW.tenant_id AND k.person_id = NEW.id) kept
        WHERE tenant_id = NEW.tenant_id AND scope_sha256 = scope;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION erase_customer_from_kept_answers IS 'Trigger: an erased customer is erased from the answers that are kept for requests with a key.';
-- After customers_erased, by its name: whoever invoices an order of theirs has committed by then.
CREATE TRIGGER customers_erased_from_kept_answers AFTER UPDATE OF erased_at ON customers
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL)
    EXECUTE FUNCTION erase_customer_from_kept_answers();
