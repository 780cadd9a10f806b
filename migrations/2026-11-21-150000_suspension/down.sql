ALTER TABLE tenants DROP COLUMN suspended_reason;
