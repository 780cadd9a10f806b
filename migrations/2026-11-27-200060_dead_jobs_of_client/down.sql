DROP INDEX CONCURRENTLY jobs_dead_newest;
