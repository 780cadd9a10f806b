DROP INDEX CONCURRENTLY jobs_dead_by_id_of_all;
