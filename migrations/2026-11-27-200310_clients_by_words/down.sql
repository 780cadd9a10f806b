DROP INDEX CONCURRENTLY tenants_by_words;
