-- How much a client may ask for, where something else was agreed with it than with everybody.

ALTER TABLE tenants
    ADD COLUMN reads_per_second integer
        CONSTRAINT tenants_reads_bounds CHECK (reads_per_second BETWEEN 1 AND 100000),
    ADD COLUMN writes_per_second integer
        CONSTRAINT tenants_writes_bounds CHECK (writes_per_second BETWEEN 1 AND 100000),
    ADD COLUMN uploads_per_second integer
        CONSTRAINT tenants_uploads_bounds CHECK (uploads_per_second BETWEEN 1 AND 100000),
    ADD COLUMN reports_per_second integer
        CONSTRAINT tenants_reports_bounds CHECK (reports_per_second BETWEEN 1 AND 100000);
COMMENT ON COLUMN tenants.reads_per_second IS 'Null: what the service''s configuration says; the same for the other three.';

-- Limits are remembered with what a credential stands for.
CREATE TRIGGER tenants_limits_changed
    BEFORE UPDATE OF reads_per_second, writes_per_second, uploads_per_second, reports_per_second ON tenants
    FOR EACH ROW
    WHEN ((OLD.reads_per_second, OLD.writes_per_second, OLD.uploads_per_second, OLD.reports_per_second)
        IS DISTINCT FROM (NEW.reads_per_second, NEW.writes_per_second, NEW.uploads_per_second, NEW.reports_per_second))
    EXECUTE FUNCTION raise_rights_version();

-- Beside load_credential, so that either may change without the other. It runs for the row that
-- load_credential gave, when that has set the tenant; VOLATILE, so that nobody runs it before.
CREATE FUNCTION client_limits(wanted_tenant uuid) RETURNS integer[] LANGUAGE sql VOLATILE
RETURN (SELECT ARRAY[reads_per_second, writes_per_second, uploads_per_second, reports_per_second]
        FROM tenants WHERE id = wanted_tenant);
COMMENT ON FUNCTION client_limits IS 'Reads, writes, uploads and reports a second; null where the default holds.';
REVOKE ALL ON FUNCTION client_limits(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION client_limits(uuid) TO countinghouse_app;
