DROP INDEX CONCURRENTLY jobs_dead_of_all;
