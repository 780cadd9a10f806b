-- The same of one client.
CREATE INDEX CONCURRENTLY jobs_dead_newest ON jobs (tenant_id, finished_at DESC, id DESC) WHERE state = 'dead';
