-- The same of one kind.
CREATE INDEX CONCURRENTLY jobs_dead_kind_of_all ON jobs (kind, finished_at DESC, id DESC) WHERE state = 'dead';
