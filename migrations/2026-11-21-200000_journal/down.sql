DROP TRIGGER tenants_books ON tenants;
DROP FUNCTION open_books(), initial_accounts(), account_sums(uuid, date, date),
    post_entries(uuid, text, uuid, timestamptz, uuid[], date[], text[], text[], uuid[], uuid[], bigint[], text[], bigint[], text[]);
DROP TABLE account_daily_totals, journal_lines, journal_entries, closed_months, journal_counters, accounts;
DROP FUNCTION check_journal_entry(), folded_through(bigint), check_journal_lines(), refuse_closed_month(),
    lock_closing(uuid), lock_posting(uuid);
