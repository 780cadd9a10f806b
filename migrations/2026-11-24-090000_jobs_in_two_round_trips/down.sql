DROP FUNCTION put_job_off(uuid, uuid, bigint, text, timestamptz, timestamptz);
DROP FUNCTION undo_claim(text, timestamptz);
ALTER FUNCTION claim_jobs(text, uuid, integer, integer, timestamptz, timestamptz) RESET plan_cache_mode;
DROP FUNCTION finish_job(uuid, uuid, bigint, bigint, timestamptz);
