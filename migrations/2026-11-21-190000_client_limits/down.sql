DROP FUNCTION client_limits(uuid);
DROP TRIGGER tenants_limits_changed ON tenants;
ALTER TABLE tenants
    DROP COLUMN reads_per_second,
    DROP COLUMN writes_per_second,
    DROP COLUMN uploads_per_second,
    DROP COLUMN reports_per_second;
