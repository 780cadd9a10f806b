DROP FUNCTION products_near(text, text[], boolean, bigint), products_with_all(text[], boolean, timestamptz, uuid, bigint);
