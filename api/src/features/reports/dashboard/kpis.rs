//! The strip of key figures: what was earned in each window, as the profit and loss of its days has it.

use super::{
    super::{
        earnings::{Earnings, NAMED, percentage},
        repo::{self, CameBack, Level, SoldRow, Spans, Whole},
    },
    client::Viewed,
};
use crate::platform::db::{AnyTx, DbError};
use chrono::NaiveDate;
use countinghouse_contract::{
    TenantId,
    dashboard::{Kpi, Kpis},
};
use std::collections::HashMap;

/// What a client earned in each window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Booked {
    pub today: Earnings,
    pub week: Earnings,
    pub month: Earnings,
    pub recent: Earnings,
}

pub fn booked(tx: &mut impl AnyTx, tenant: TenantId, spans: Spans) -> Result<Booked, DbError> {
    Ok(booked_by_all(tx, &[(tenant, spans)])?.remove(&tenant).unwrap_or_default())
}

/// The same of many clients; one that earned nothing is not among them.
pub fn booked_by_all(tx: &mut impl AnyTx, clients: &[(TenantId, Spans)]) -> Result<HashMap<TenantId, Booked>, DbError> {
    let mut by_client: HashMap<TenantId, Vec<repo::Booked>> = HashMap::new();
    for row in repo::booked(tx, clients, &NAMED.map(|account| account.code()))? {
        by_client.entry(TenantId(row.tenant_id)).or_default().push(row);
    }
    Ok(by_client.into_iter().map(|(client, rows)| (client, Booked::of(&rows))).collect())
}

impl Booked {
    fn of(rows: &[repo::Booked]) -> Self {
        let earned = |pick: fn(&repo::Booked) -> Whole| {
            Earnings::of(|code| rows.iter().find(|row| row.account == code).map_or(0, |row| pick(row).0))
        };
        Self {
            today: earned(|row| row.today),
            week: earned(|row| row.week),
            month: earned(|row| row.month),
            recent: earned(|row| row.recent),
        }
    }
}

impl Viewed {
    /// `back`: what came back today, this week and this month, in this order.
    pub fn kpis(&self, booked: &Booked, level: &Level, sold: &SoldRow, back: &[CameBack]) -> Kpis {
        let spans = self.windows.spans;
        let kpi = |at: usize, from: NaiveDate, earned: Earnings, sold: Whole| {
            let back = back.get(at).copied();
            Kpi {
                from,
                to: spans.today,
                revenue: self.money(earned.net_revenue()),
                gross_profit: self.cost(earned.gross_profit()),
                gross_margin_pct: self.cost_pct(earned.gross_profit(), earned.net_revenue()),
                returned_amount: self.money(earned.returns),
                returns_filed: back.map_or(0, |back| back.filed),
                returned_units: back.map_or(0, |back| back.units.units()),
                refunded_amount: self.money(back.map_or(0, |back| back.refunded.0)),
                units_sold: sold.units(),
                sell_through_pct: percentage(sold.0.max(0), sold.0.max(0) + level.on_hand.0),
            }
        };
        Kpis {
            today: kpi(0, spans.today, booked.today, sold.today),
            week: kpi(1, spans.week, booked.week, sold.week),
            month: kpi(2, spans.month, booked.month, sold.month),
            inventory_value: self.cost(level.value.0),
        }
    }
}
