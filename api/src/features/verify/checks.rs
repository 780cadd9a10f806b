//! The checks, each as one query over a client ($1).

/// Something that has to agree. The query gives a row for each thing that is looked at: whether it
/// is broken, and what to say when it is.
pub struct Check {
    pub name: &'static str,
    pub(super) sql: &'static str,
}

pub const CHECKS: &[Check] = &[
    Check {
        name: "every entry balances",
        sql: "SELECT coalesce(l.lines, 0) < 2 OR l.sum <> 0 AS broken, \
                format('entry %s has %s lines, which come to %s', e.number, coalesce(l.lines, 0), l.sum) AS what \
            FROM journal_entries e \
            LEFT JOIN (SELECT entry_number, count(*) AS lines, sum(amount_minor) AS sum \
                FROM journal_lines WHERE tenant_id = $1 GROUP BY entry_number) l ON l.entry_number = e.number \
            WHERE e.tenant_id = $1",
    },
    Check {
        name: "entry numbers have no gap",
        sql: "SELECT (c.last_number, c.last_number) <> (e.count, e.last) AS broken, \
                format('%s entries, the last is %s, the counter stands at %s', e.count, e.last, c.last_number) AS what \
            FROM journal_counters c \
            CROSS JOIN (SELECT count(*), coalesce(max(number), 0) AS last FROM journal_entries WHERE tenant_id = $1) e \
            WHERE c.tenant_id = $1",
    },
    Check {
        name: "lines have an entry of their day, and an account",
        sql: "SELECT e.date IS DISTINCT FROM l.date OR a.code IS NULL AS broken, \
                format('line %s of entry %s, of %s on account %s', l.position, l.entry_number, l.date, l.account) AS what \
            FROM journal_lines l \
            LEFT JOIN journal_entries e ON e.tenant_id = $1 AND e.number = l.entry_number \
            LEFT JOIN accounts a ON a.tenant_id = $1 AND a.code = l.account \
            WHERE l.tenant_id = $1",
    },
    Check {
        name: "sums by day are those of the lines",
        sql: "SELECT t.amount IS DISTINCT FROM l.amount AS broken, \
                format('account %s on %s has %s, and its lines %s', account, date, t.amount, l.amount) AS what \
            FROM (SELECT account, date, amount_minor AS amount FROM account_daily_totals WHERE tenant_id = $1) t \
            FULL JOIN (SELECT account, date, sum(amount_minor) AS amount FROM journal_lines \
                WHERE tenant_id = $1 AND entry_number <= \
                    (SELECT folded_through(last_number) FROM journal_counters WHERE tenant_id = $1) \
                GROUP BY account, date) l USING (account, date)",
    },
    Check {
        name: "the trial balance is zero",
        sql: "SELECT coalesce(sum(amount), 0) <> 0 AS broken, format('all accounts come to %s', sum(amount)) AS what \
            FROM account_sums($1, '0001-01-01', '9999-12-31')",
    },
    Check {
        name: "stock is the sum of its movements",
        sql: "SELECT (s.on_hand, s.value_minor) <> (coalesce(m.quantity, 0), coalesce(m.value, 0)) AS broken, \
                format('product %s: %s worth %s, and its movements %s worth %s', \
                    s.product_id, s.on_hand, s.value_minor, m.quantity, m.value) AS what \
            FROM stock s \
            LEFT JOIN (SELECT product_id, sum(quantity) AS quantity, sum(value_minor) AS value \
                FROM stock_movements WHERE tenant_id = $1 GROUP BY product_id) m ON m.product_id = s.product_id \
            WHERE s.tenant_id = $1",
    },
    Check {
        name: "what stock is worth is account 1200",
        sql: "SELECT s.value <> b.amount AS broken, format('stock is worth %s, and 1200 holds %s', s.value, b.amount) AS what \
            FROM (SELECT coalesce(sum(value_minor), 0) AS value FROM stock WHERE tenant_id = $1) s \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1200') b",
    },
    Check {
        name: "movements with value have their entry",
        sql: "SELECT m.value_minor <> coalesce(e.amount, 0) AS broken, \
                format('%s %s is worth %s, and its entry %s', m.kind, m.id, m.value_minor, coalesce(e.amount, 0)) AS what \
            FROM stock_movements m \
            LEFT JOIN (SELECT e.source_id, sum(l.amount_minor) AS amount FROM journal_entries e \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number AND l.account = '1200' \
                WHERE e.tenant_id = $1 AND e.source = 'stock' GROUP BY e.source_id) e ON e.source_id = m.id \
            WHERE m.tenant_id = $1 AND m.order_id IS NULL",
    },
    Check {
        name: "goods of orders have their entries",
        sql: "SELECT coalesce(m.value, 0) <> coalesce(p.value, 0) AS broken, \
                format('order %s moved goods worth %s, and its entries %s', \
                    order_id, coalesce(m.value, 0), coalesce(p.value, 0)) AS what \
            FROM (SELECT order_id, sum(value_minor) AS value FROM stock_movements \
                WHERE tenant_id = $1 AND order_id IS NOT NULL GROUP BY order_id) m \
            FULL JOIN (SELECT coalesce(i.order_id, e.source_id) AS order_id, sum(l.amount_minor) AS value FROM journal_entries e \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number AND l.account = '1200' \
                LEFT JOIN invoices i ON i.tenant_id = $1 AND i.id = e.source_id \
                WHERE e.tenant_id = $1 AND e.source IN ('sale', 'invoice', 'credit_note') GROUP BY 1) p USING (order_id)",
    },
    Check {
        name: "goods of invoiced orders are cost of goods sold",
        sql: "SELECT coalesce(p.cost, 0) <> CASE WHEN o.invoiced_on IS NULL THEN 0 ELSE coalesce(m.cost, 0) END AS broken, \
                format('order %s: goods cost %s, and its invoices and credit notes put %s into 5000', \
                    o.number, coalesce(m.cost, 0), coalesce(p.cost, 0)) AS what \
            FROM orders o \
            LEFT JOIN (SELECT order_id, -sum(value_minor) AS cost FROM stock_movements \
                WHERE tenant_id = $1 AND order_id IS NOT NULL GROUP BY order_id) m ON m.order_id = o.id \
            LEFT JOIN (SELECT i.order_id, sum(l.amount_minor) AS cost FROM invoices i \
                JOIN journal_entries e ON e.tenant_id = $1 AND e.source_id = i.id AND e.source = i.kind \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number AND l.account = '5000' \
                WHERE i.tenant_id = $1 GROUP BY i.order_id) p ON p.order_id = o.id \
            WHERE o.tenant_id = $1",
    },
    Check {
        name: "what is placed and not invoiced is account 1250",
        sql: "SELECT o.cost <> b.amount AS broken, format('goods cost %s, and 1250 holds %s', o.cost, b.amount) AS what \
            FROM (SELECT coalesce(sum(cost_minor), 0) AS cost FROM orders WHERE tenant_id = $1 AND state = 'placed') o \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1250') b",
    },
    Check {
        name: "what orders owe is account 1100",
        sql: "SELECT o.due <> b.amount AS broken, format('orders owe %s, and 1100 holds %s', o.due, b.amount) AS what \
            FROM (SELECT coalesce(sum(due_minor), 0) AS due FROM orders WHERE tenant_id = $1 AND invoiced_on IS NOT NULL) o \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1100') b",
    },
    Check {
        name: "orders are what their lines and goods come to",
        sql: "SELECT (o.subtotal_minor - o.discount_minor, o.tax_minor - o.shipping_tax_minor, o.cost_minor, \
                CASE WHEN o.cancelled_at IS NULL THEN o.cost_minor ELSE 0 END) IS DISTINCT FROM (l.net, l.tax, l.cost, m.cost) AS broken, \
                format('order %s: net %s, tax %s, cost %s; its lines %s, %s and %s, its goods %s', o.number, \
                    o.subtotal_minor - o.discount_minor, o.tax_minor - o.shipping_tax_minor, o.cost_minor, \
                    l.net, l.tax, l.cost, m.cost) AS what \
            FROM orders o \
            LEFT JOIN (SELECT order_id, sum(net_minor) AS net, sum(tax_minor) AS tax, sum(cost_minor) AS cost \
                FROM order_lines WHERE tenant_id = $1 GROUP BY order_id) l ON l.order_id = o.id \
            LEFT JOIN (SELECT order_id, -sum(value_minor) AS cost \
                FROM stock_movements WHERE tenant_id = $1 AND order_id IS NOT NULL AND return_id IS NULL \
                GROUP BY order_id) m ON m.order_id = o.id \
            WHERE o.tenant_id = $1",
    },
    Check {
        name: "orders are paid what their payments come to",
        sql: "SELECT (o.paid_minor, o.refunded_minor) <> (coalesce(p.paid, 0), coalesce(p.refunded, 0)) AS broken, \
                format('order %s: paid %s and refunded %s, and its payments %s and %s', o.number, \
                    o.paid_minor, o.refunded_minor, coalesce(p.paid, 0), coalesce(p.refunded, 0)) AS what \
            FROM orders o \
            LEFT JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'payment') AS paid, \
                sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded \
                FROM payments WHERE tenant_id = $1 GROUP BY order_id) p ON p.order_id = o.id \
            WHERE o.tenant_id = $1",
    },
    Check {
        name: "payments have their entry",
        sql: "SELECT CASE p.kind WHEN 'payment' THEN -p.amount_minor ELSE p.amount_minor END <> coalesce(e.amount, 0) AS broken, \
                format('%s %s of %s, and its entry %s', p.kind, p.id, p.amount_minor, coalesce(e.amount, 0)) AS what \
            FROM payments p \
            LEFT JOIN (SELECT e.source_id, sum(l.amount_minor) AS amount FROM journal_entries e \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number AND l.account = '1100' \
                WHERE e.tenant_id = $1 AND e.source IN ('payment', 'refund') GROUP BY e.source_id) e ON e.source_id = p.id \
            WHERE p.tenant_id = $1",
    },
    Check {
        name: "what is invoiced has its invoice, and that its entry",
        sql: "SELECT (o.invoiced_on IS NOT NULL) <> (i.id IS NOT NULL) \
                OR i.id IS NOT NULL AND e.id IS NULL AND (o.subtotal_minor, o.shipping_minor) <> (0, 0) AS broken, \
                format('order %s, invoiced on %s: invoice %s, entry %s', o.number, o.invoiced_on, i.number, e.number) AS what \
            FROM orders o \
            LEFT JOIN LATERAL (SELECT id, number FROM invoices WHERE tenant_id = $1 AND order_id = o.id AND kind = 'invoice' \
                ORDER BY number DESC LIMIT 1) i ON true \
            LEFT JOIN journal_entries e ON e.tenant_id = $1 AND e.source = 'invoice' AND e.source_id = i.id \
            WHERE o.tenant_id = $1",
    },
    Check {
        name: "invoices less credit notes are what orders come to",
        sql: "SELECT coalesce(i.total, 0) <> CASE WHEN o.invoiced_on IS NULL THEN 0 ELSE o.total_minor - o.credited_minor END \
                AS broken, \
                format('order %s: %s less %s credited, and its invoices less credit notes %s', o.number, \
                    o.total_minor, o.credited_minor, coalesce(i.total, 0)) AS what \
            FROM orders o \
            LEFT JOIN (SELECT order_id, sum(CASE kind WHEN 'invoice' THEN 1 ELSE -1 END * \
                replace(totals ->> 'grand_total', '.', '')::numeric) AS total \
                FROM invoices WHERE tenant_id = $1 GROUP BY order_id) i ON i.order_id = o.id \
            WHERE o.tenant_id = $1",
    },
    Check {
        name: "invoices and credit notes are what their entries say",
        sql: "SELECT i.total <> coalesce(e.amount, 0) AS broken, \
                format('%s %s comes to %s, and its entry to %s', i.kind, i.number, i.total, coalesce(e.amount, 0)) AS what \
            FROM (SELECT id, kind, number, CASE kind WHEN 'invoice' THEN 1 ELSE -1 END * \
                replace(totals ->> 'grand_total', '.', '')::numeric AS total FROM invoices WHERE tenant_id = $1) i \
            LEFT JOIN (SELECT e.source, e.source_id, sum(l.amount_minor) AS amount FROM journal_entries e \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number AND l.account = '1100' \
                WHERE e.tenant_id = $1 AND e.source IN ('invoice', 'credit_note') GROUP BY 1, 2) e \
                ON e.source_id = i.id AND e.source = i.kind",
    },
    Check {
        name: "what came back of lines is what returns say",
        sql: "SELECT (l.returned_quantity, l.returned_unfulfilled, l.restocked_minor) \
                <> (coalesce(r.quantity, 0), coalesce(r.unfulfilled, 0), coalesce(r.cost, 0)) AS broken, \
                format('line %s: %s came back worth %s, and its returns %s worth %s', l.id, l.returned_quantity, \
                    l.restocked_minor, coalesce(r.quantity, 0), coalesce(r.cost, 0)) AS what \
            FROM order_lines l \
            LEFT JOIN (SELECT order_line_id, sum(quantity) AS quantity, sum(unfulfilled) AS unfulfilled, \
                sum(cost_minor) AS cost FROM return_lines WHERE tenant_id = $1 GROUP BY 1) r ON r.order_line_id = l.id \
            WHERE l.tenant_id = $1",
    },
    Check {
        name: "returns restock what their movements bring, and credit their order",
        sql: "SELECT (l.quantity, l.cost, true) IS DISTINCT FROM (coalesce(m.quantity, 0), coalesce(m.value, 0), l.of_order) \
                OR i.id IS NULL AS broken, \
                format('return %s restocked %s worth %s, and its movements %s worth %s; of its order: %s, credited: %s', \
                    r.id, l.quantity, l.cost, coalesce(m.quantity, 0), coalesce(m.value, 0), l.of_order, i.number) AS what \
            FROM returns r \
            LEFT JOIN (SELECT r.return_id, coalesce(sum(r.quantity) FILTER (WHERE r.restocked), 0) AS quantity, \
                sum(r.cost_minor) AS cost, bool_and(o.order_id = f.order_id) AS of_order FROM return_lines r \
                JOIN returns f ON f.tenant_id = $1 AND f.id = r.return_id \
                JOIN order_lines o ON o.tenant_id = $1 AND o.id = r.order_line_id \
                WHERE r.tenant_id = $1 GROUP BY 1) l ON l.return_id = r.id \
            LEFT JOIN (SELECT return_id, sum(quantity) AS quantity, sum(value_minor) AS value FROM stock_movements \
                WHERE tenant_id = $1 AND return_id IS NOT NULL GROUP BY 1) m ON m.return_id = r.id \
            LEFT JOIN invoices i ON i.tenant_id = $1 AND i.id = r.credit_note_id AND i.kind = 'credit_note' \
                AND i.order_id = r.order_id \
            WHERE r.tenant_id = $1",
    },
    Check {
        name: "goods that wait to leave are sold and in no parcel",
        sql: "SELECT s.unfulfilled <> coalesce(l.units, 0) AS broken, \
                format('product %s: %s wait, and orders lack %s', s.product_id, s.unfulfilled, coalesce(l.units, 0)) AS what \
            FROM stock s \
            LEFT JOIN (SELECT l.product_id, sum(l.quantity - l.returned_unfulfilled - coalesce(f.quantity, 0)) AS units \
                FROM order_lines l \
                LEFT JOIN (SELECT order_line_id, sum(quantity) AS quantity FROM fulfilment_lines \
                    WHERE tenant_id = $1 GROUP BY order_line_id) f ON f.order_line_id = l.id \
                JOIN orders o ON o.tenant_id = $1 AND o.id = l.order_id AND o.cancelled_at IS NULL \
                WHERE l.tenant_id = $1 GROUP BY l.product_id) l ON l.product_id = s.product_id \
            WHERE s.tenant_id = $1",
    },
    Check {
        name: "what invoices and credit notes sold is what they post",
        sql: "SELECT (coalesce(g.net, 0), coalesce(g.cost, 0)) <> (coalesce(p.net, 0), coalesce(p.cost, 0)) AS broken, \
                format('order %s: invoiced less credited %s that cost %s, and posted %s that cost %s', order_id, \
                    coalesce(g.net, 0), coalesce(g.cost, 0), coalesce(p.net, 0), coalesce(p.cost, 0)) AS what \
            FROM (SELECT i.order_id, sum(s.sign * x.net) AS net, sum(s.sign * x.cost) AS cost FROM invoices i \
                CROSS JOIN LATERAL (SELECT CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END AS sign) s \
                CROSS JOIN jsonb_to_recordset(i.goods) AS x (net bigint, cost bigint) \
                WHERE i.tenant_id = $1 GROUP BY 1) g \
            FULL JOIN (SELECT i.order_id, -sum(l.amount_minor) FILTER (WHERE l.account <> '5000') AS net, \
                sum(l.amount_minor) FILTER (WHERE l.account = '5000') AS cost FROM invoices i \
                JOIN journal_entries e ON e.tenant_id = $1 AND e.source_id = i.id AND e.source = i.kind \
                JOIN journal_lines l ON l.tenant_id = $1 AND l.entry_number = e.number \
                    AND l.account IN ('4000', '4100', '4300', '5000') \
                WHERE i.tenant_id = $1 GROUP BY 1) p USING (order_id)",
    },
    Check {
        name: "sales by day are those of invoices and credit notes",
        sql: "SELECT (t.quantity, t.net, t.discount, t.cost) IS DISTINCT FROM (g.quantity, g.net, g.discount, g.cost) AS broken, \
                format('product %s by %s on %s: %s for %s in sum, and one by one %s for %s', product_id, kind, date, \
                    t.quantity, t.net, g.quantity, g.net) AS what \
            FROM (SELECT date, product_id, kind, quantity, net_minor AS net, discount_minor AS discount, cost_minor AS cost \
                FROM product_daily_sales WHERE tenant_id = $1) t \
            FULL JOIN (SELECT i.date, x.product AS product_id, i.kind, sum(x.quantity) AS quantity, sum(x.net) AS net, \
                sum(x.discount) AS discount, sum(x.cost) AS cost FROM invoice_counters c \
                JOIN invoices i ON i.tenant_id = $1 AND i.kind = c.kind AND i.number <= folded_through(c.last_number) \
                CROSS JOIN jsonb_to_recordset(i.goods) \
                    AS x (product uuid, quantity bigint, net bigint, discount bigint, cost bigint) \
                WHERE c.tenant_id = $1 GROUP BY 1, 2, 3) g USING (date, product_id, kind)",
    },
    Check {
        name: "invoice numbers have no gap",
        sql: "SELECT (c.last_number, c.last_number) IS DISTINCT FROM (i.count, i.last) AS broken, \
                format('%s numbers of %s, the last is %s, the counter stands at %s', i.count, kind, i.last, c.last_number) AS what \
            FROM (SELECT kind, last_number FROM invoice_counters WHERE tenant_id = $1) c \
            FULL JOIN (SELECT kind, count(*), max(number) AS last FROM invoices WHERE tenant_id = $1 GROUP BY kind) i USING (kind)",
    },
];
