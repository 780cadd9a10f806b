DROP FUNCTION claim_idempotency_key(bigint, bytea, timestamptz);
DROP TABLE idempotency_keys;
