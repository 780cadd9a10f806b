-- The journal: a chart of accounts, entries with their lines, and sums by day for reports.

CREATE TABLE accounts (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    code text NOT NULL CONSTRAINT accounts_code_form CHECK (code ~ '^[0-9]{4,6}$'),
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT accounts_kind_known
        CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
    system boolean NOT NULL,
    control boolean NOT NULL CONSTRAINT accounts_control_is_system CHECK (system OR NOT control),
    created_by uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, code),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);
COMMENT ON TABLE accounts IS 'The chart of accounts. An account is never taken away: lines name it.';
COMMENT ON COLUMN accounts.system IS 'There from the start, and posted to by the service.';
COMMENT ON COLUMN accounts.control IS 'Kept equal to something else (stock, what is owed), so no entry by hand touches it.';
COMMENT ON COLUMN accounts.created_by IS 'Null for those that were there from the start.';
CALL protect_tenant_table('accounts');
GRANT SELECT, INSERT ON accounts TO countinghouse_app;

CREATE TABLE journal_counters (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    last_number bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE journal_counters IS 'The last entry number given out. Its row stays locked until the commit, so entries are numbered without a gap and in the order of their commits.';
CALL protect_tenant_table('journal_counters');
GRANT SELECT, UPDATE (last_number) ON journal_counters TO countinghouse_app;

CREATE TABLE closed_months (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    month date NOT NULL CONSTRAINT closed_months_begin_on_the_first CHECK (date_trunc('month', month) = month),
    closed_by uuid NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, month),
    FOREIGN KEY (tenant_id, closed_by) REFERENCES users (tenant_id, id)
);
COMMENT ON TABLE closed_months IS 'Months that take no entry any more, by their first day. Who closes one holds alone the lock that posters share.';
CALL protect_tenant_table('closed_months');
GRANT SELECT, INSERT, DELETE ON closed_months TO countinghouse_app;

CREATE TABLE journal_entries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number bigint NOT NULL CONSTRAINT journal_entries_number_positive CHECK (number > 0),
    date date NOT NULL CONSTRAINT journal_entries_date_bounds CHECK (date BETWEEN '0001-01-01' AND '9999-12-31'),
    currency text NOT NULL,
    memo text NOT NULL,
    source text NOT NULL CONSTRAINT journal_entries_source_known
        CHECK (source IN ('manual', 'stock', 'sale', 'invoice', 'credit_note', 'payment', 'refund')),
    source_id uuid CONSTRAINT journal_entries_come_from_something CHECK ((source = 'manual') = (source_id IS NULL)),
    reverses uuid CONSTRAINT journal_entries_reverse_by_hand CHECK (reverses IS NULL OR source = 'manual'),
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT journal_entries_number_key UNIQUE (tenant_id, number),
    CONSTRAINT journal_entries_reverses_key UNIQUE (tenant_id, reverses),
    CONSTRAINT journal_entries_currency_fkey FOREIGN KEY (tenant_id, currency) REFERENCES tenants (id, currency),
    FOREIGN KEY (tenant_id, reverses) REFERENCES journal_entries (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);
CREATE INDEX journal_entries_newest ON journal_entries (tenant_id, date DESC, number DESC);
CREATE INDEX journal_entries_of_source ON journal_entries (tenant_id, source_id);
COMMENT ON TABLE journal_entries IS 'What was posted, never updated or deleted: corrected by further entries.';
COMMENT ON COLUMN journal_entries.number IS 'Per client, without a gap, in the order of the commits.';
COMMENT ON COLUMN journal_entries.date IS 'A day of the client''s own time zone.';
COMMENT ON COLUMN journal_entries.currency IS 'The client''s, which stays what it is while entries point at it.';
COMMENT ON COLUMN journal_entries.source_id IS 'The movement, order, invoice, credit note, payment or refund that was posted.';
COMMENT ON COLUMN journal_entries.reverses IS 'The entry by hand that this one takes back.';
CALL protect_tenant_table('journal_entries');
GRANT SELECT, INSERT ON journal_entries TO countinghouse_app;

-- No foreign key to accounts: it would lock the same few rows in every order of a client. The
-- trigger below looks for the account, and no account is ever deleted.
CREATE TABLE journal_lines (
    tenant_id uuid NOT NULL,
    entry_number bigint NOT NULL,
    position integer NOT NULL,
    account text NOT NULL,
    date date NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT journal_lines_amount_bounds
        CHECK (amount_minor <> 0 AND amount_minor BETWEEN -10000000000000 AND 10000000000000),
    memo text,
    PRIMARY KEY (tenant_id, entry_number, position),
    FOREIGN KEY (tenant_id, entry_number) REFERENCES journal_entries (tenant_id, number)
);
CREATE INDEX journal_lines_of_account ON journal_lines (tenant_id, account, date DESC, entry_number DESC, position DESC);
COMMENT ON TABLE journal_lines IS 'The lines of an entry: inserted in the transaction that made it, never updated or deleted.';
COMMENT ON COLUMN journal_lines.date IS 'That of the entry, for the account''s statement.';
COMMENT ON COLUMN journal_lines.amount_minor IS 'Debit is positive, credit negative; minor units of the client''s currency.';
CALL protect_tenant_table('journal_lines');
GRANT SELECT, INSERT ON journal_lines TO countinghouse_app;

CREATE TABLE account_daily_totals (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    account text NOT NULL,
    date date NOT NULL,
    amount_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, date, account)
);
COMMENT ON TABLE account_daily_totals IS 'Sums over the lines of folded entries (see folded_through), by account and day, so that no report adds up a million lines.';
COMMENT ON COLUMN account_daily_totals.amount_minor IS 'Debit is positive.';
CALL protect_tenant_table('account_daily_totals');
GRANT SELECT, INSERT, UPDATE (amount_minor) ON account_daily_totals TO countinghouse_app;

-- Closed months -------------------------------------------------------------------------------------

CREATE FUNCTION lock_posting(wanted_tenant uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(hashtextextended('posting ' || wanted_tenant::text, 0))
$$;
COMMENT ON FUNCTION lock_posting IS 'Posters share this lock until they commit.';

CREATE FUNCTION lock_closing(wanted_tenant uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('posting ' || wanted_tenant::text, 0))
$$;
COMMENT ON FUNCTION lock_closing IS 'Who closes or reopens a month waits for all posters, and they for him.';

-- The lock first, then a look that sees what was closed while it was waited for.
CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_posting(NEW.tenant_id);
    IF EXISTS (SELECT FROM closed_months c
               WHERE c.tenant_id = NEW.tenant_id AND c.month = date_trunc('month', NEW.date)::date) THEN
        RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = 'period_closed',
            MESSAGE = 'the month of ' || NEW.date || ' is closed';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION refuse_closed_month IS 'Trigger: no entry is dated in a closed month.';
CREATE TRIGGER journal_entries_in_open_months BEFORE INSERT ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

-- Lines and balance ---------------------------------------------------------------------------------

-- Once for all the lines of a statement. xmin is the transaction that wrote the entry; rows that
-- are never updated keep theirs.
CREATE FUNCTION check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reason text;
BEGIN
    SELECT CASE
            WHEN e.xmin IS DISTINCT FROM pg_current_xact_id()::xid THEN 'journal_lines_come_with_their_entry'
            WHEN e.date <> l.date THEN 'journal_lines_have_the_date_of_their_entry'
            WHEN a.code IS NULL THEN 'journal_lines_account_exists'
            ELSE 'journal_lines_control_account'
        END INTO reason
        FROM added l
        LEFT JOIN journal_entries e ON e.tenant_id = l.tenant_id AND e.number = l.entry_number
        LEFT JOIN accounts a ON a.tenant_id = l.tenant_id AND a.code = l.account
        WHERE e.xmin IS DISTINCT FROM pg_current_xact_id()::xid OR e.date <> l.date OR a.code IS NULL
            OR (a.control AND e.source = 'manual')
        LIMIT 1;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = reason, MESSAGE = 'a line is refused: ' || reason;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_journal_lines IS 'Trigger: lines belong to an entry of this very transaction and to an account that may take them.';
CREATE TRIGGER journal_lines_checked AFTER INSERT ON journal_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_journal_lines();

CREATE FUNCTION folded_through(last_number bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN last_number - last_number % 1024;
COMMENT ON FUNCTION folded_through IS 'Entries up to this number are in account_daily_totals; every 1024th entry folds those before it.';

-- At the commit, once per entry. The counter's row is held, so all entries up to this number are
-- there, and nobody else folds.
CREATE FUNCTION check_journal_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    balance numeric;
BEGIN
    SELECT count(*), sum(l.amount_minor) INTO lines, balance FROM journal_lines l
        WHERE l.tenant_id = NEW.tenant_id AND l.entry_number = NEW.number;
    IF lines < 2 OR balance <> 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'CH002', CONSTRAINT = 'journal_entries_balance',
            MESSAGE = 'entry ' || NEW.number || ' has ' || lines || ' lines and does not balance';
    END IF;
    IF folded_through(NEW.number) = NEW.number THEN
        INSERT INTO account_daily_totals AS t (tenant_id, account, date, amount_minor)
            SELECT l.tenant_id, l.account, l.date, sum(l.amount_minor) FROM journal_lines l
                WHERE l.tenant_id = NEW.tenant_id
                    AND l.entry_number > folded_through(NEW.number - 1) AND l.entry_number <= NEW.number
                GROUP BY 1, 2, 3
            ON CONFLICT (tenant_id, date, account) DO UPDATE SET amount_minor = t.amount_minor + excluded.amount_minor;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_journal_entry IS 'Trigger: an entry balances; every 1024th folds the lines before it into the sums by day.';
CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_journal_entry();

-- Posting and reading -------------------------------------------------------------------------------

-- One round trip for all entries of a request. Lines name their entry by its place in the arrays.
CREATE FUNCTION post_entries(
    wanted_tenant uuid, in_currency text, by_user uuid, at timestamptz,
    ids uuid[], dates date[], memos text[], sources text[], source_ids uuid[], reversed uuid[],
    line_entries bigint[], line_accounts text[], line_amounts bigint[], line_memos text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    PERFORM lock_posting(wanted_tenant);
    UPDATE journal_counters c SET last_number = c.last_number + cardinality(ids)
        WHERE c.tenant_id = wanted_tenant RETURNING c.last_number - cardinality(ids) INTO STRICT before;
    INSERT INTO journal_entries
            (tenant_id, id, number, date, currency, memo, source, source_id, reverses, created_by, created_at)
        SELECT wanted_tenant, e.id, before + e.place, e.date, in_currency, e.memo, e.source, e.source_id, e.reverses, by_user, at
        FROM unnest(ids, dates, memos, sources, source_ids, reversed) WITH ORDINALITY
            AS e (id, date, memo, source, source_id, reverses, place);
    INSERT INTO journal_lines (tenant_id, entry_number, position, account, date, amount_minor, memo)
        SELECT wanted_tenant, before + l.entry, l.place, l.account, dates[l.entry], l.amount, l.memo
        FROM unnest(line_entries, line_accounts, line_amounts, line_memos) WITH ORDINALITY
            AS l (entry, account, amount, memo, place);
    RETURN before + 1;
END
$$;
COMMENT ON FUNCTION post_entries IS 'Posts entries with their lines and answers the number of the first.';

CREATE FUNCTION account_sums(wanted_tenant uuid, first_day date, last_day date)
RETURNS TABLE (account text, amount numeric) LANGUAGE sql STABLE AS $$
    SELECT s.account, sum(s.amount_minor) FROM (
        SELECT t.account, t.amount_minor FROM account_daily_totals t
            WHERE t.tenant_id = wanted_tenant AND t.date BETWEEN first_day AND last_day
        UNION ALL
        SELECT l.account, l.amount_minor FROM journal_lines l
            WHERE l.tenant_id = wanted_tenant AND l.date BETWEEN first_day AND last_day AND l.entry_number >
                (SELECT folded_through(c.last_number) FROM journal_counters c WHERE c.tenant_id = wanted_tenant)
    ) s GROUP BY s.account
$$;
COMMENT ON FUNCTION account_sums IS 'What was posted to each account in these days, debit positive: the sums by day and the lines that are not folded yet.';

-- Every client has its accounts -----------------------------------------------------------------------

CREATE FUNCTION initial_accounts() RETURNS TABLE (code text, name text, kind text, control boolean)
LANGUAGE sql IMMUTABLE AS $$
    VALUES ('1000', 'Cash', 'asset', false), ('1100', 'Accounts receivable', 'asset', true),
        ('1200', 'Inventory', 'asset', true), ('1250', 'Goods sold not invoiced', 'asset', true),
        ('2000', 'Accounts payable', 'liability', false), ('2100', 'Tax payable', 'liability', true),
        ('3000', 'Owner''s equity', 'equity', false), ('3100', 'Retained earnings', 'equity', false),
        ('3900', 'Opening balance equity', 'equity', false), ('4000', 'Sales', 'income', false),
        ('4100', 'Sales returns', 'income', false), ('4200', 'Shipping income', 'income', false),
        ('4300', 'Sales discounts', 'income', false), ('5000', 'Cost of goods sold', 'expense', false),
        ('5100', 'Inventory adjustments', 'expense', false), ('6000', 'Operating expenses', 'expense', false)
$$;
COMMENT ON FUNCTION initial_accounts IS 'The accounts that every client has from the start.';

-- SECURITY DEFINER: whoever makes a client may not write to its books.
CREATE FUNCTION open_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.accounts (tenant_id, code, name, kind, system, control, created_at)
        SELECT NEW.id, a.code, a.name, a.kind, true, a.control, NEW.created_at FROM public.initial_accounts() a;
    INSERT INTO public.journal_counters (tenant_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION open_books IS 'Trigger: a new client gets its accounts and its counter of entries.';

INSERT INTO accounts (tenant_id, code, name, kind, system, control, created_at)
    SELECT t.id, a.code, a.name, a.kind, true, a.control, t.created_at FROM tenants t CROSS JOIN initial_accounts() a;
INSERT INTO journal_counters (tenant_id) SELECT id FROM tenants;
CREATE TRIGGER tenants_books AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION open_books();

REVOKE ALL ON FUNCTION lock_posting(uuid), lock_closing(uuid), refuse_closed_month(), check_journal_lines(),
    folded_through(bigint), check_journal_entry(), initial_accounts(), open_books(), account_sums(uuid, date, date),
    post_entries(uuid, text, uuid, timestamptz, uuid[], date[], text[], text[], uuid[], uuid[], bigint[], text[], bigint[], text[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_posting(uuid), lock_closing(uuid), folded_through(bigint), account_sums(uuid, date, date),
    post_entries(uuid, text, uuid, timestamptz, uuid[], date[], text[], text[], uuid[], uuid[], bigint[], text[], bigint[], text[])
    TO countinghouse_app;
