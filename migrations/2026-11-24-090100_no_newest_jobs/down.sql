CREATE INDEX CONCURRENTLY jobs_newest ON jobs (tenant_id, created_at DESC, id DESC);
