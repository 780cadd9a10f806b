-- What was sold of each product on each day, so that no report reads a month's lines of orders.
--
-- Invoices and credit notes say it, and never change: each notes what it sold or took back, and every
-- 1024th of a series folds those before it into sums by day. Numbers of a series have no gap and are drawn
-- from a row that stays locked until the commit, so all before a number are there when it is drawn. No row
-- is updated by every order.

ALTER TABLE invoices ADD COLUMN goods jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN invoices.goods IS 'What it sold of each product, or took back when it is a credit note: product, quantity, and in minor units net, discount and cost (what went through cost of goods sold). Kept by a trigger; not printed, since it tells costs.';

-- An invoice sells what stands in the order. A credit note takes back what came back, where a return was
-- filed; else it takes back the order's invoice, whole. (An edit has written the lines anew by then.)
CREATE FUNCTION note_goods() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'invoice' THEN
        NEW.goods := (SELECT coalesce(jsonb_agg(jsonb_build_object('product', l.product_id, 'quantity', l.quantity,
                'net', l.net_minor, 'discount', l.discount_minor, 'cost', l.cost_minor) ORDER BY l.position), '[]')
            FROM order_lines l WHERE l.tenant_id = NEW.tenant_id AND l.order_id = NEW.order_id);
    ELSIF EXISTS (SELECT FROM returns r WHERE r.tenant_id = NEW.tenant_id AND r.credit_note_id = NEW.id) THEN
        NEW.goods := goods_of_return(NEW.tenant_id, NEW.id, NEW.lines);
    ELSE
        NEW.goods := coalesce((SELECT i.goods FROM invoices i
            WHERE i.tenant_id = NEW.tenant_id AND i.order_id = NEW.order_id AND i.kind = 'invoice'
            ORDER BY i.number DESC LIMIT 1), '[]');
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION note_goods IS 'Trigger: an invoice or credit note notes what it sold or took back of each product.';

-- Amounts are printed with exactly the currency's digits.
CREATE FUNCTION printed_minor(amount text) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN replace(amount, '.', '')::bigint;
COMMENT ON FUNCTION printed_minor IS 'The minor units of an amount as documents show it.';

CREATE FUNCTION goods_of_return(wanted_tenant uuid, note uuid, printed jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('product', l.product_id, 'quantity', b.quantity,
            'net', printed_minor(p.line ->> 'line_total'), 'discount', printed_minor(p.line ->> 'discount'),
            'cost', b.cost_minor) ORDER BY b.place), '[]')
        FROM (SELECT b.order_line_id, b.quantity, b.cost_minor, row_number() OVER (ORDER BY b.position) AS place
              FROM returns r JOIN return_lines b ON b.tenant_id = r.tenant_id AND b.return_id = r.id
              WHERE r.tenant_id = wanted_tenant AND r.credit_note_id = note) b
        JOIN order_lines l ON l.tenant_id = wanted_tenant AND l.id = b.order_line_id
        JOIN jsonb_array_elements(printed) WITH ORDINALITY p (line, place) ON p.place = b.place
$$;
COMMENT ON FUNCTION goods_of_return IS 'What a credit note takes back: the lines of its return, at the amounts that it prints.';

CREATE TRIGGER invoices_note_goods BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION note_goods();

-- By kind, so that whoever holds the counter of one series meets nobody who holds that of the other.
CREATE TABLE product_daily_sales (
    tenant_id uuid NOT NULL,
    date date NOT NULL,
    product_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT product_daily_sales_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    quantity numeric NOT NULL,
    net_minor numeric NOT NULL,
    discount_minor numeric NOT NULL,
    cost_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, date, product_id, kind),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id)
);
COMMENT ON TABLE product_daily_sales IS 'Sums over the goods of folded invoices and credit notes (see folded_through), by day, product and kind.';
COMMENT ON COLUMN product_daily_sales.date IS 'That of the invoice or credit note.';
COMMENT ON COLUMN product_daily_sales.net_minor IS 'After the discount, before tax.';
COMMENT ON COLUMN product_daily_sales.cost_minor IS 'What went through cost of goods sold with it.';
CALL protect_tenant_table('product_daily_sales');
GRANT SELECT, INSERT, UPDATE (quantity, net_minor, discount_minor, cost_minor) ON product_daily_sales
    TO countinghouse_app, countinghouse_worker;

CREATE FUNCTION fold_goods() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO product_daily_sales AS t (tenant_id, date, product_id, kind, quantity, net_minor, discount_minor, cost_minor)
        SELECT i.tenant_id, i.date, g.product, i.kind, sum(g.quantity), sum(g.net), sum(g.discount), sum(g.cost)
            FROM invoices i
            CROSS JOIN jsonb_to_recordset(i.goods) AS g (product uuid, quantity bigint, net bigint, discount bigint, cost bigint)
            WHERE i.tenant_id = NEW.tenant_id AND i.kind = NEW.kind
                AND i.number > folded_through(NEW.number - 1) AND i.number <= NEW.number
            GROUP BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, date, product_id, kind) DO UPDATE SET quantity = t.quantity + excluded.quantity,
            net_minor = t.net_minor + excluded.net_minor, discount_minor = t.discount_minor + excluded.discount_minor,
            cost_minor = t.cost_minor + excluded.cost_minor;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION fold_goods IS 'Trigger: every 1024th invoice or credit note folds the goods of those before it into the sums by day.';
CREATE TRIGGER invoices_fold_goods AFTER INSERT ON invoices
    FOR EACH ROW WHEN (NEW.number % 1024 = 0) EXECUTE FUNCTION fold_goods();

CREATE FUNCTION product_sales(wanted_tenant uuid, first_day date, last_day date)
RETURNS TABLE (date date, product_id uuid, quantity numeric, net numeric, discount numeric, cost numeric)
LANGUAGE sql STABLE AS $$
    SELECT t.date, t.product_id, s.sign * t.quantity, s.sign * t.net_minor, s.sign * t.discount_minor,
            s.sign * t.cost_minor
        FROM product_daily_sales t JOIN (VALUES ('invoice', 1), ('credit_note', -1)) s (kind, sign) ON s.kind = t.kind
        WHERE t.tenant_id = wanted_tenant AND t.date BETWEEN first_day AND last_day
    UNION ALL
    SELECT i.date, g.product, s.sign * g.quantity, s.sign * g.net, s.sign * g.discount, s.sign * g.cost
        FROM invoice_counters c JOIN (VALUES ('invoice', 1), ('credit_note', -1)) s (kind, sign) ON s.kind = c.kind
        -- There are no more than these. Without the limit all documents would seem to be read, and then they are.
        CROSS JOIN LATERAL (SELECT i.date, i.goods FROM invoices i
            WHERE i.tenant_id = c.tenant_id AND i.kind = c.kind AND i.number > folded_through(c.last_number)
            ORDER BY i.number DESC LIMIT 1024) i
        CROSS JOIN jsonb_to_recordset(i.goods) AS g (product uuid, quantity numeric, net numeric, discount numeric, cost numeric)
        WHERE c.tenant_id = wanted_tenant AND i.date BETWEEN first_day AND last_day
$$;
COMMENT ON FUNCTION product_sales IS 'What was invoiced of each product in these days, less what was credited: the sums by day, and the invoices and credit notes that are not folded yet. A day and product may come more than once.';

CREATE FUNCTION account_days(wanted_tenant uuid, first_day date, last_day date)
RETURNS TABLE (account text, date date, amount numeric) LANGUAGE sql STABLE AS $$
    SELECT t.account, t.date, t.amount_minor FROM account_daily_totals t
        WHERE t.tenant_id = wanted_tenant AND t.date BETWEEN first_day AND last_day
    UNION ALL
    SELECT l.account, l.date, l.amount_minor::numeric FROM journal_lines l
        WHERE l.tenant_id = wanted_tenant AND l.date BETWEEN first_day AND last_day AND l.entry_number >
            (SELECT folded_through(c.last_number) FROM journal_counters c WHERE c.tenant_id = wanted_tenant)
$$;
COMMENT ON FUNCTION account_days IS 'As account_sums, by day. An account and day may come more than once.';

REVOKE ALL ON FUNCTION note_goods(), printed_minor(text), goods_of_return(uuid, uuid, jsonb), fold_goods(),
    product_sales(uuid, date, date), account_days(uuid, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION printed_minor(text), goods_of_return(uuid, uuid, jsonb), product_sales(uuid, date, date),
    account_days(uuid, date, date) TO countinghouse_app, countinghouse_worker;
