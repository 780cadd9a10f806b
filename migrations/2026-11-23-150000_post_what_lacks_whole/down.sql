-- The function was the same before.
COMMENT ON COLUMN jobs.payload_version IS 'Of which form the payload is: older ones wait while a newer binary is brought in.';
