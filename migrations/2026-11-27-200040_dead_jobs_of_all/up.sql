-- Dead jobs of all clients, newest first.
CREATE INDEX CONCURRENTLY jobs_dead_of_all ON jobs (finished_at DESC, id DESC) WHERE state = 'dead';
