-- One of them, by its id alone.
CREATE INDEX CONCURRENTLY jobs_dead_by_id_of_all ON jobs (id) WHERE state = 'dead';
