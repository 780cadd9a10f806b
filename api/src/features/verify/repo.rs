//! The checks, each as one query over a client.

use crate::platform::db::{DbError, OwnerTx};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

/// Something that has to agree. The query gives a row for each thing that is looked at: whether it
/// is broken, and what to say when it is.
pub struct Check {
    pub name: &'static str,
    /// A column that the check reads and that came later than the journal: a database that lacks
    /// it has nothing yet to look at.
    needs: Option<(&'static str, &'static str)>,
    sql: &'static str,
}

pub const CHECKS: &[Check] = &[
    Check {
        name: "every entry balances",
        needs: None,
        sql: "SELECT coalesce(l.lines, 0) < 2 OR l.sum <> 0 AS broken, \
                format('entry %s has %s lines, which come to %s', e.number, coalesce(l.lines, 0), l.sum) AS what \
            FROM journal_entries e \
            LEFT JOIN (SELECT entry_number, count(*) AS lines, sum(amount_minor) AS sum \
                FROM journal_lines WHERE tenant_id = $1 GROUP BY entry_number) l ON l.entry_number = e.number \
            WHERE e.tenant_id = $1",
    },
    Check {
        name: "entry numbers have no gap",
        needs: None,
        sql: "SELECT (c.last_number, c.last_number) <> (e.count, e.last) AS broken, \
                format('%s entries, the last is %s, the counter stands at %s', e.count, e.last, c.last_number) AS what \
            FROM journal_counters c \
            CROSS JOIN (SELECT count(*), coalesce(max(number), 0) AS last FROM journal_entries WHERE tenant_id = $1) e \
            WHERE c.tenant_id = $1",
    },
    Check {
        name: "lines have an entry of their day, and an account",
        needs: None,
        sql: "SELECT e.date IS DISTINCT FROM l.date OR a.code IS NULL AS broken, \
                format('line %s of entry %s, of %s on account %s', l.position, l.entry_number, l.date, l.account) AS what \
            FROM journal_lines l \
            LEFT JOIN journal_entries e ON e.tenant_id = $1 AND e.number = l.entry_number \
            LEFT JOIN accounts a ON a.tenant_id = $1 AND a.code = l.account \
            WHERE l.tenant_id = $1",
    },
    Check {
        name: "sums by day are those of the lines",
        needs: None,
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
        needs: None,
        sql: "SELECT coalesce(sum(amount), 0) <> 0 AS broken, format('all accounts come to %s', sum(amount)) AS what \
            FROM account_sums($1, '0001-01-01', '9999-12-31')",
    },
    Check {
        name: "stock is the sum of its movements",
        needs: None,
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
        needs: None,
        sql: "SELECT s.value <> b.amount AS broken, format('stock is worth %s, and 1200 holds %s', s.value, b.amount) AS what \
            FROM (SELECT coalesce(sum(value_minor), 0) AS value FROM stock WHERE tenant_id = $1) s \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1200') b",
    },
    Check {
        name: "movements with value have their entry",
        needs: None,
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
        needs: Some(("invoices", "order_id")),
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
        name: "what is placed and not invoiced is account 1250",
        needs: Some(("orders", "state")),
        sql: "SELECT o.cost <> b.amount AS broken, format('goods cost %s, and 1250 holds %s', o.cost, b.amount) AS what \
            FROM (SELECT coalesce(sum(cost_minor), 0) AS cost FROM orders WHERE tenant_id = $1 AND state = 'placed') o \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1250') b",
    },
    Check {
        name: "what orders owe is account 1100",
        needs: Some(("orders", "due_minor")),
        sql: "SELECT o.due <> b.amount AS broken, format('orders owe %s, and 1100 holds %s', o.due, b.amount) AS what \
            FROM (SELECT coalesce(sum(due_minor), 0) AS due FROM orders WHERE tenant_id = $1 AND invoiced_on IS NOT NULL) o \
            CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount \
                FROM account_sums($1, '0001-01-01', '9999-12-31') WHERE account = '1100') b",
    },
    Check {
        name: "invoice numbers have no gap",
        needs: Some(("invoices", "number")),
        sql: "SELECT (c.last_number, c.last_number) IS DISTINCT FROM (i.count, i.last) AS broken, \
                format('%s numbers of %s, the last is %s, the counter stands at %s', i.count, kind, i.last, c.last_number) AS what \
            FROM (SELECT kind, last_number FROM invoice_counters WHERE tenant_id = $1) c \
            FULL JOIN (SELECT kind, count(*), max(number) AS last FROM invoices WHERE tenant_id = $1 GROUP BY kind) i USING (kind)",
    },
];

/// What a check found at one client.
#[derive(QueryableByName)]
pub struct Checked {
    #[diesel(sql_type = BigInt)]
    pub looked_at: i64,
    #[diesel(sql_type = BigInt)]
    pub broken: i64,
    /// The first few of what is broken.
    #[diesel(sql_type = Array<Text>)]
    pub examples: Vec<String>,
}

#[derive(QueryableByName)]
pub struct Client {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    pub slug: String,
}

/// The client that is named, or all.
pub fn clients(tx: &mut OwnerTx<'_>, named: Option<&str>) -> Result<Vec<Client>, DbError> {
    let found = sql_query("SELECT id, slug FROM tenants WHERE $1 IS NULL OR slug = $1 ORDER BY slug");
    Ok(found.bind::<Nullable<Text>, _>(named).load(tx.conn())?)
}

/// Whether the database has what the check needs.
pub fn applies(tx: &mut OwnerTx<'_>, check: &Check) -> Result<bool, DbError> {
    let Some((table, column)) = check.needs else { return Ok(true) };
    let found = sql_query(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND column_name = $2",
    );
    Ok(found.bind::<Text, _>(table).bind::<Text, _>(column).execute(tx.conn())? > 0)
}

pub fn check(tx: &mut OwnerTx<'_>, check: &Check, client: &Client) -> Result<Checked, DbError> {
    let found = sql_query(format!(
        "SELECT count(*) AS looked_at, count(*) FILTER (WHERE broken) AS broken, \
         coalesce((array_agg(what ORDER BY what) FILTER (WHERE broken))[1:5], '{{}}') AS examples FROM ({}) checked",
        check.sql
    ));
    Ok(found.bind::<SqlUuid, _>(client.id).get_result(tx.conn())?)
}
