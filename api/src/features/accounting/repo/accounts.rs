//! The chart of accounts.

use crate::{
    platform::db::{DbError, TenantTx},
    schema::accounts,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::accounting::{Account, AccountType, NewAccount};
use diesel::prelude::*;

const KINDS: [(AccountType, &str); 5] = [
    (AccountType::Asset, "asset"),
    (AccountType::Liability, "liability"),
    (AccountType::Equity, "equity"),
    (AccountType::Income, "income"),
    (AccountType::Expense, "expense"),
];

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    code: String,
    name: String,
    kind: String,
    system: bool,
    control: bool,
    created_at: DateTime<Utc>,
}

/// All accounts, by their codes.
pub fn accounts(tx: &mut TenantTx<'_>) -> Result<Vec<Account>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<AccountRow> = accounts::table
        .filter(accounts::tenant_id.eq(tenant.0))
        .order(accounts::code)
        .select(AccountRow::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(Account::try_from).collect()
}

pub fn find_account(tx: &mut TenantTx<'_>, code: &str) -> Result<Option<Account>, DbError> {
    let tenant = tx.tenant_id();
    let row: Option<AccountRow> =
        accounts::table.find((tenant.0, code)).select(AccountRow::as_select()).first(tx.conn()).optional()?;
    row.map(Account::try_from).transpose()
}

/// Enters an account of the client's own; one that is taken violates `accounts_pkey`.
pub fn insert_account(tx: &mut TenantTx<'_>, account: &NewAccount) -> Result<(), DbError> {
    let (tenant, by, now) = (tx.tenant_id(), tx.actor().user_id, tx.now());
    let kind = KINDS.iter().find(|(kind, _)| *kind == account.kind).map_or("", |(_, name)| name);
    diesel::insert_into(accounts::table)
        .values((
            accounts::tenant_id.eq(tenant.0),
            accounts::code.eq(&account.code),
            accounts::name.eq(&account.name),
            accounts::kind.eq(kind),
            accounts::system.eq(false),
            accounts::control.eq(false),
            accounts::created_by.eq(by.0),
            accounts::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

impl TryFrom<AccountRow> for Account {
    type Error = DbError;

    fn try_from(row: AccountRow) -> Result<Self, DbError> {
        let kind = KINDS.iter().find(|(_, name)| *name == row.kind).map(|(kind, _)| *kind);
        let kind = kind.ok_or_else(|| DbError::Corrupt { table: "accounts", what: format!("kind {}", row.kind) })?;
        let AccountRow { code, name, system, control, created_at, .. } = row;
        Ok(Self { code, name, kind, system, control, created_at })
    }
}
