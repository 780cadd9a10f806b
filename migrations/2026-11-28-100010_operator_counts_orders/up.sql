GRANT SELECT (created_at) ON orders TO countinghouse_platform;
