-- Files that clients bring in, and what became of them.

CREATE TABLE imports (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT imports_kind_known
        CHECK (kind IN ('products', 'customers', 'opening_stock', 'opening_balances', 'orders')),
    format text NOT NULL CONSTRAINT imports_format_known CHECK (format IN ('csv', 'xlsx')),
    mode text NOT NULL CONSTRAINT imports_mode_known CHECK (mode IN ('all_or_nothing', 'skip_bad')),
    dry_run boolean NOT NULL,
    date date CONSTRAINT imports_of_balances_have_a_day CHECK ((date IS NOT NULL) = (kind = 'opening_balances')),
    status text NOT NULL DEFAULT 'waiting'
        CONSTRAINT imports_status_known CHECK (status IN ('waiting', 'running', 'done', 'failed')),
    bytes bigint NOT NULL CONSTRAINT imports_bytes_bounds CHECK (bytes BETWEEN 0 AND 33554432),
    rows_checked bigint NOT NULL DEFAULT 0,
    rows_written bigint NOT NULL DEFAULT 0,
    rows_refused bigint NOT NULL DEFAULT 0,
    errors_found bigint NOT NULL DEFAULT 0,
    through_line bigint NOT NULL DEFAULT 0,
    job_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT imports_what_ended_has_its_time CHECK ((status IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT imports_dry_runs_write_nothing CHECK (NOT dry_run OR rows_written = 0)
);
CREATE INDEX imports_newest ON imports (tenant_id, created_at DESC, id DESC);
COMMENT ON TABLE imports IS 'A file that was brought in: a job reads it.';
COMMENT ON COLUMN imports.date IS 'Of which day the balances are.';
COMMENT ON COLUMN imports.through_line IS 'Where bad rows are skipped, the lines up to this one are done: whoever goes on begins after it.';
COMMENT ON COLUMN imports.job_id IS 'The job; it is purged before the import, and nobody misses it.';
CALL protect_tenant_table('imports');
GRANT SELECT, INSERT ON imports TO countinghouse_app;
GRANT SELECT, DELETE ON imports TO countinghouse_worker;
GRANT UPDATE (status, rows_checked, rows_written, rows_refused, errors_found, through_line, finished_at) ON imports
    TO countinghouse_worker;

CREATE TABLE import_chunks (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    position integer NOT NULL,
    bytes bytea NOT NULL CONSTRAINT import_chunks_size CHECK (length(bytes) <= 1048576),
    PRIMARY KEY (tenant_id, import_id, position),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE import_chunks IS 'The file, in pieces, for as long as it is needed: it goes when the import ends.';
CALL protect_tenant_table('import_chunks');
GRANT INSERT ON import_chunks TO countinghouse_app;
GRANT SELECT, DELETE ON import_chunks TO countinghouse_worker;

CREATE TABLE import_errors (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number bigint NOT NULL,
    line bigint,
    column_name text,
    code text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (tenant_id, import_id, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE import_errors IS 'What was wrong with a file, in the order of its lines; the first thousand faults.';
COMMENT ON COLUMN import_errors.line IS 'As a person counts; null for what concerns the whole file.';
CALL protect_tenant_table('import_errors');
GRANT SELECT ON import_errors TO countinghouse_app;
GRANT SELECT, INSERT, DELETE ON import_errors TO countinghouse_worker;

-- An import writes what requests write, by the same rules, in the name of who brought the file.
GRANT SELECT (tenant_id, id, disabled, deleted_at) ON users TO countinghouse_worker;
GRANT SELECT, INSERT ON products, customers, stock_movements TO countinghouse_worker;
GRANT SELECT, INSERT, UPDATE ON stock TO countinghouse_worker;
GRANT SELECT ON accounts, closed_months TO countinghouse_worker;
GRANT SELECT, UPDATE (last_number) ON journal_counters TO countinghouse_worker;
GRANT SELECT, INSERT ON journal_entries, journal_lines TO countinghouse_worker;
GRANT SELECT, INSERT, UPDATE (amount_minor) ON account_daily_totals TO countinghouse_worker;
GRANT EXECUTE ON FUNCTION lock_posting(uuid), folded_through(bigint),
    post_entries(uuid, text, uuid, timestamptz, uuid[], date[], text[], text[], uuid[], uuid[], bigint[], text[], bigint[], text[])
    TO countinghouse_worker;
