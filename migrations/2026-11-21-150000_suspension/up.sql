-- Why a client is suspended, for whoever looks at it later.

ALTER TABLE tenants ADD COLUMN suspended_reason text;
COMMENT ON COLUMN tenants.suspended_reason IS 'What the superadmin wrote; null while the client is active.';
