DROP INDEX CONCURRENTLY sessions_open_of_all;
