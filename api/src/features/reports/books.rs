//! Profit and loss, and the balance sheet: sums over accounts.

use super::error::ReportError;
use crate::{
    features::accounting::{self, Account as Own, decimal},
    platform::authn::TenantCtx,
};
use chrono::NaiveDate;
use countinghouse_contract::{
    Currency, Decimal,
    accounting::{Account, AccountType},
    money::div_half_up,
    reports::{AccountAmount, BalanceSheet, ProfitLoss},
};

/// The accounts that a profit and loss shows by name.
const NAMED: [Own; 6] = [
    Own::Sales,
    Own::SalesReturns,
    Own::ShippingIncome,
    Own::SalesDiscounts,
    Own::CostOfGoodsSold,
    Own::InventoryAdjustments,
];

/// Accounts with an amount each, debit positive.
type Held = Vec<(Account, i128)>;

/// What was earned from one day to another, both included.
pub async fn profit_loss(ctx: &TenantCtx, from: NaiveDate, to: NaiveDate) -> Result<ProfitLoss, ReportError> {
    accounting::check_days(Some(from), Some(to))?;
    ctx.transaction(move |tx| {
        let held = accounting::balances_in(tx, from, to)?;
        Ok(earned(from, to, &held, tx.actor().currency))
    })
    .await
}

/// What is owned and owed at the end of a day.
pub async fn balance_sheet(ctx: &TenantCtx, as_of: Option<NaiveDate>) -> Result<BalanceSheet, ReportError> {
    accounting::check_as_of(as_of)?;
    ctx.transaction(move |tx| {
        let as_of = as_of.unwrap_or_else(|| accounting::today(tx));
        let held = accounting::balances_in(tx, NaiveDate::MIN, as_of)?;
        Ok(owned(as_of, &held, tx.actor().currency))
    })
    .await
}

fn earned(from: NaiveDate, to: NaiveDate, held: &Held, currency: Currency) -> ProfitLoss {
    let debit = |own: Own| held.iter().find(|(account, _)| account.code == own.code()).map_or(0, |(_, amount)| *amount);
    let (sales, shipping) = (-debit(Own::Sales), -debit(Own::ShippingIncome));
    let (discounts, returns) = (debit(Own::SalesDiscounts), debit(Own::SalesReturns));
    let (cost, adjustments) = (debit(Own::CostOfGoodsSold), debit(Own::InventoryAdjustments));
    let net_revenue = sales - discounts - returns + shipping;
    let gross_profit = net_revenue - cost - adjustments;
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
        sales: money(sales),
        discounts: money(discounts),
        returns: money(returns),
        shipping_income: money(shipping),
        net_revenue: money(net_revenue),
        cost_of_goods: money(cost),
        inventory_adjustments: money(adjustments),
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

/// With two places, rounded half up; `None` of nothing.
fn percentage(part: i128, whole: i128) -> Option<Decimal> {
    (whole != 0).then(|| Decimal::new(div_half_up(part * 10_000 * whole.signum(), whole.abs()), 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_has_two_places_and_none_without_revenue() {
        let shown = |part, whole| percentage(part, whole).map(|decimal| decimal.to_string());
        assert_eq!(shown(1, 3).as_deref(), Some("33.33"));
        assert_eq!(shown(-1, 3).as_deref(), Some("-33.33"));
        assert_eq!(shown(-1, -3).as_deref(), Some("33.33"));
        assert_eq!(shown(1, 800).as_deref(), Some("0.13"));
        assert_eq!(shown(5, 0), None);
    }
}
