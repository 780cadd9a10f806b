-- Some work is done inside of a savepoint, which writes rows under a number of its own: a line and
-- its entry are of one transaction when they were written under the same number, whatever it is.

CREATE OR REPLACE FUNCTION check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reason text;
BEGIN
    SELECT CASE
            WHEN e.xmin IS DISTINCT FROM w.xmin THEN 'journal_lines_come_with_their_entry'
            WHEN e.date <> l.date THEN 'journal_lines_have_the_date_of_their_entry'
            WHEN a.code IS NULL THEN 'journal_lines_account_exists'
            ELSE 'journal_lines_control_account'
        END INTO reason
        FROM added l
        JOIN journal_lines w
            ON w.tenant_id = l.tenant_id AND w.entry_number = l.entry_number AND w.position = l.position
        LEFT JOIN journal_entries e ON e.tenant_id = l.tenant_id AND e.number = l.entry_number
        LEFT JOIN accounts a ON a.tenant_id = l.tenant_id AND a.code = l.account
        WHERE e.xmin IS DISTINCT FROM w.xmin OR e.date <> l.date OR a.code IS NULL
            OR (a.control AND e.source = 'manual')
        LIMIT 1;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = reason, MESSAGE = 'a line is refused: ' || reason;
    END IF;
    RETURN NULL;
END
$$;
