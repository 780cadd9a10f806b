DROP INDEX CONCURRENTLY jobs_dead_kind_of_all;
