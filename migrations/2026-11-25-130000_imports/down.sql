REVOKE EXECUTE ON FUNCTION lock_posting(uuid), folded_through(bigint),
    post_entries(uuid, text, uuid, timestamptz, uuid[], date[], text[], text[], uuid[], uuid[], bigint[], text[], bigint[], text[])
    FROM countinghouse_worker;
REVOKE SELECT, INSERT, UPDATE (amount_minor) ON account_daily_totals FROM countinghouse_worker;
REVOKE SELECT, INSERT ON journal_entries, journal_lines FROM countinghouse_worker;
REVOKE SELECT, UPDATE (last_number) ON journal_counters FROM countinghouse_worker;
REVOKE SELECT ON accounts, closed_months FROM countinghouse_worker;
REVOKE SELECT, INSERT, UPDATE ON stock FROM countinghouse_worker;
REVOKE SELECT, INSERT ON products, customers, stock_movements FROM countinghouse_worker;
REVOKE SELECT (tenant_id, id, disabled, deleted_at) ON users FROM countinghouse_worker;
DROP TABLE import_errors;
DROP TABLE import_chunks;
DROP TABLE imports;
