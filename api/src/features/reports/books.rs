//! Profit and loss, and the balance sheet: sums over accounts.

use super::{
    earnings::{Earnings, NAMED, percentage},
    error::ReportError,
};
use crate::{
    features::accounting::{self, decimal},
    platform::authn::TenantCtx,
};
use chrono::NaiveDate;
use countinghouse_contract::{
    Currency,
    accounting::{Account, AccountType},
    reports::{AccountAmount, BalanceSheet, ProfitLoss},
};

/// Accounts with an amount each, debit positive.
type Held = Vec<(Account, i128)>;

/// What was earned from one day to another, both included.
pub async fn profit_loss(ctx: &TenantCtx, from: NaiveDate, to: NaiveDate) -> Result<ProfitLoss, ReportError> {
    accounting::check_days(Some(from), Some(to))?;
    ctx.read(move |tx| {
        let held = accounting::balances_in(tx, from, to)?;
        Ok(earned(from, to, &held, tx.actor().currency))
    })
    .await
}

/// What is owned and owed at the end of a day.
pub async fn balance_sheet(ctx: &TenantCtx, as_of: Option<NaiveDate>) -> Result<BalanceSheet, ReportError> {
    accounting::check_as_of(as_of)?;
    ctx.read(move |tx| {
        let as_of = as_of.unwrap_or_else(|| accounting::today(tx));
        let held = accounting::balances_in(tx, NaiveDate::MIN, as_of)?;
        Ok(owned(as_of, &held, tx.actor().currency))
    })
    .await
}

fn earned(from: NaiveDate, to: NaiveDate, held: &Held, currency: Currency) -> ProfitLoss {
    let earned = Earnings::of(|code| held.iter().find(|(account, _)| account.code == code).map_or(0, |held| held.1));
    let (net_revenue, gross_profit) = (earned.net_revenue(), earned.gross_profit());
    let money = |minor: i128| decimal(minor, currency);
    let others = |kind: AccountType| {
        held.iter()
            .filter(move |(account, _)| account.kind == kind && !NAMED.iter().any(|own| own.code() == account.code))
    };
    let (income, expense) = (others(AccountType::Income), others(AccountType::Expense));
    let net_profit = gross_profit - sum(income.clone()) - sum(expense.clone());
    ProfitLoss {
        from,
        to,
        sales: money(earned.sales),
        discounts: money(earned.discounts),
        returns: money(earned.returns),
        shipping_income: money(earned.shipping),
        net_revenue: money(net_revenue),
        cost_of_goods: money(earned.cost),
        inventory_adjustments: money(earned.adjustments),
        gross_profit: money(gross_profit),
        gross_margin_pct: percentage(gross_profit, net_revenue),
        other_income: amounts(income, -1, currency),
        expenses: amounts(expense, 1, currency),
        net_profit: money(net_profit),
    }
}

fn owned(as_of: NaiveDate, held: &Held, currency: Currency) -> BalanceSheet {
    let of = |kind: AccountType| held.iter().filter(move |(account, _)| account.kind == kind);
    let earnings = -(sum(of(AccountType::Income)) + sum(of(AccountType::Expense)));
    BalanceSheet {
        as_of,
        assets: amounts(of(AccountType::Asset), 1, currency),
        liabilities: amounts(of(AccountType::Liability), -1, currency),
        equity: amounts(of(AccountType::Equity), -1, currency),
        earnings_to_date: decimal(earnings, currency),
        total_assets: decimal(sum(of(AccountType::Asset)), currency),
        total_liabilities: decimal(-sum(of(AccountType::Liability)), currency),
        total_equity: decimal(earnings - sum(of(AccountType::Equity)), currency),
    }
}

fn sum<'a>(held: impl Iterator<Item = &'a (Account, i128)>) -> i128 {
    held.map(|(_, amount)| *amount).sum()
}

/// The accounts that hold something; `sign` −1 where credit is positive.
fn amounts<'a>(held: impl Iterator<Item = &'a (Account, i128)>, sign: i128, currency: Currency) -> Vec<AccountAmount> {
    held.filter(|(_, amount)| *amount != 0)
        .map(|(account, amount)| AccountAmount {
            account: account.code.clone(),
            name: account.name.clone(),
            amount: decimal(sign * amount, currency),
        })
        .collect()
}
