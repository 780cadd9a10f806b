DROP INDEX CONCURRENTLY orders_newest_of_all;
