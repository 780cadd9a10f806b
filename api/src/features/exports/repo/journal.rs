//! The journal, newest entry first, a row for each line.

use super::{Export, Form};
use crate::platform::sheets::Cell;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(QueryableByName)]
pub struct JournalRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Date)]
    date: NaiveDate,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    memo: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    account_name: String,
    #[diesel(sql_type = BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = Nullable<Text>)]
    line_memo: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    source_id: Option<Uuid>,
}

impl Export for JournalRow {
    const NAME: &'static str = "journal";
    const COLUMNS: &'static [&'static str] = &[
        "number",
        "date",
        "source",
        "memo",
        "account",
        "account_name",
        "debit",
        "credit",
        "line_memo",
        "currency",
        "created_at",
        "id",
        "source_id",
    ];
    const SQL: &'static str = "SELECT \
         e.number, e.date, e.source, e.memo, l.account, a.name AS account_name, l.amount_minor, \
         l.memo AS line_memo, e.created_at, e.id, e.source_id \
         FROM journal_entries e JOIN journal_lines l ON l.tenant_id = e.tenant_id AND l.entry_number = e.number \
         JOIN accounts a ON a.tenant_id = l.tenant_id AND a.code = l.account \
         WHERE e.tenant_id = $1 AND ($4 IS NULL OR e.date >= $4) AND ($5 IS NULL OR e.date <= $5) \
         ORDER BY e.date DESC, e.number DESC, l.position";

    fn cells(&self, form: &Form) -> Vec<Cell<'_>> {
        let side = |minor: i64| if minor > 0 { form.money(minor) } else { Cell::Empty };
        vec![
            Cell::Whole(self.number),
            Cell::Day(self.date),
            Cell::word(&self.source),
            Cell::Text(&self.memo),
            // A number for people, who sort and search by it as a text.
            Cell::word(&self.account),
            Cell::Text(&self.account_name),
            side(self.amount_minor),
            side(-self.amount_minor),
            self.line_memo.as_deref().into(),
            Cell::word(form.currency.code()),
            form.moment(self.created_at),
            Cell::made(self.id),
            self.source_id.map_or(Cell::Empty, Cell::made),
        ]
    }
}
