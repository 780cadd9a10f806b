REVOKE SELECT ON users FROM countinghouse_platform;
GRANT SELECT ON users TO countinghouse_platform;
