REVOKE SELECT (created_at) ON orders FROM countinghouse_platform;
