//! The dashboard of one client, put together.

use super::{
    super::{
        earnings::percentage,
        error::ReportError,
        repo::{self, ClientRow, DoorRow},
    },
    advice::advise,
    kpis::{self, Booked},
    windows::Windows,
};
use crate::{
    features::accounting::decimal,
    platform::db::{AnyTx, DbError},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Currency, Decimal, TenantId,
    dashboard::{
        CommissionPanel, Dashboard, DayAtDoor, DiscountsPanel, Freshness, PolicySnapshot, ReturnedProduct,
        ReturnsPanel, SecurityPanel,
    },
    money::div_half_up,
};

/// A client that somebody looks at.
pub struct Viewed {
    pub tenant: TenantId,
    pub currency: Currency,
    pub client: ClientRow,
    /// Whether they may see what goods cost.
    pub costs: bool,
    pub windows: Windows,
}

impl Viewed {
    pub fn new(client: ClientRow, costs: bool, now: DateTime<Utc>) -> Result<Self, ReportError> {
        let (tenant, currency) = (client.tenant(), client.currency()?);
        let windows = Windows::new(now, &client.time_zone)?;
        Ok(Self { tenant, currency, client, costs, windows })
    }

    pub fn money(&self, minor: i128) -> Decimal {
        decimal(minor, self.currency)
    }

    /// An amount that tells of costs.
    pub fn cost(&self, minor: i128) -> Option<Decimal> {
        self.costs.then(|| self.money(minor))
    }

    /// A percentage that tells of costs.
    pub fn cost_pct(&self, part: i128, whole: i128) -> Option<Option<Decimal>> {
        self.costs.then(|| percentage(part, whole))
    }

    pub fn dashboard(&self, tx: &mut impl AnyTx) -> Result<Dashboard, ReportError> {
        let booked = kpis::booked(tx, self.tenant, self.windows.spans)?;
        let level = repo::level(tx, self.tenant, self.client.low_stock_threshold)?;
        let sold = repo::sold_units(tx, self.tenant, self.windows.spans)?;
        let Windows { today, week, month, recent, .. } = self.windows;
        let back = repo::came_back(tx, self.tenant, &[today, week, month, recent])?;
        let orders = repo::orders_by_day(tx, self.tenant, &self.windows.days, self.client.max_discount())?;
        let discounts = self.discounts(&orders);
        let sales = self.sales(tx, orders)?;
        let inventory = self.inventory(tx, &level, sold.recent)?;
        Ok(Dashboard {
            currency: self.currency,
            kpis: self.kpis(&booked, &level, &sold, &back),
            recommendations: advise(&sales, &inventory, &discounts),
            discounts,
            sales,
            inventory,
            returns: self.returns(tx, &booked, back.last().copied())?,
            commission: self.commission(&booked),
            security: self.security(tx)?,
            freshness: self.freshness(tx)?,
            policies: self.policies(),
        })
    }

    fn returns(
        &self,
        tx: &mut impl AnyTx,
        booked: &Booked,
        back: Option<repo::CameBack>,
    ) -> Result<ReturnsPanel, DbError> {
        let products = repo::returned(tx, self.tenant, self.windows.recent)?.into_iter();
        let earned = booked.recent;
        Ok(ReturnsPanel {
            from: self.windows.spans.recent,
            to: self.windows.spans.today,
            returns_filed: back.map_or(0, |back| back.filed),
            returned_units: back.map_or(0, |back| back.units.units()),
            returned_amount: self.money(earned.returns),
            refunded_amount: self.money(back.map_or(0, |back| back.refunded.0)),
            returned_pct: percentage(earned.returns, earned.sales - earned.discounts),
            by_product: products
                .map(|row| ReturnedProduct {
                    product_id: row.product_id.into(),
                    sku: row.sku,
                    name: row.name,
                    returned_units: row.units.units(),
                })
                .collect(),
        })
    }

    fn discounts(&self, orders: &[repo::OrdersRow]) -> DiscountsPanel {
        let sum = |pick: fn(&repo::OrdersRow) -> i128| orders.iter().map(pick).sum::<i128>();
        let count = |pick: fn(&repo::OrdersRow) -> i64| orders.iter().map(pick).fold(0, i64::saturating_add);
        let (subtotal, discount) = (sum(|row| row.subtotal.0), sum(|row| row.discount.0));
        DiscountsPanel {
            from: self.windows.spans.recent,
            to: self.windows.spans.today,
            max_discount_pct: self.client.max_discount().to_decimal(),
            orders: count(|row| row.orders),
            discounted_orders: count(|row| row.discounted),
            orders_above_cap: count(|row| row.above_cap),
            discounts: self.money(discount),
            average_discount_pct: percentage(discount, subtotal),
        }
    }

    fn commission(&self, booked: &Booked) -> CommissionPanel {
        let (rate, earned) = (self.client.commission(), booked.month);
        let net = earned.net_sales();
        // Of sales that are less than nothing, it is taken back.
        let commission = net.signum() * rate.of(net.abs());
        CommissionPanel {
            from: self.windows.spans.month,
            to: self.windows.spans.today,
            sales_commission_pct: rate.to_decimal(),
            net_sales: self.money(net),
            commission: self.money(commission),
            gross_profit_after_commission: self.cost(earned.gross_profit() - commission),
        }
    }

    fn security(&self, tx: &mut impl AnyTx) -> Result<SecurityPanel, DbError> {
        security(tx, &[self.tenant], &self.windows)
    }

    fn freshness(&self, tx: &mut impl AnyTx) -> Result<Freshness, DbError> {
        let (newest_order_at, newest_movement_at, newest_entry_at) = repo::freshness(tx, self.tenant)?;
        Ok(Freshness { read_at: self.windows.now, newest_order_at, newest_movement_at, newest_entry_at })
    }

    fn policies(&self) -> PolicySnapshot {
        let client = self.client.clone();
        PolicySnapshot {
            max_discount_pct: client.max_discount().to_decimal(),
            sales_commission_pct: client.commission().to_decimal(),
            name: client.name,
            time_zone: client.time_zone,
            business_overview: client.business_overview,
            opening_hours: client.opening_hours,
            closing_hours: client.closing_hours,
            return_refund_policy: client.return_refund_policy,
        }
    }
}

/// What happened at the doors of these clients together.
pub fn security(tx: &mut impl AnyTx, clients: &[TenantId], windows: &Windows) -> Result<SecurityPanel, DbError> {
    let day = |row: DoorRow| {
        let DoorRow { date, logins, failed_logins, second_factor_failures, orders_edited, orders_cancelled } = row;
        DayAtDoor { date, logins, failed_logins, second_factor_failures, orders_edited, orders_cancelled }
    };
    Ok(SecurityPanel {
        open_sessions: repo::open_sessions(tx, clients, windows.recent, windows.now)?,
        by_day: repo::door_by_day(tx, clients, &windows.days)?.into_iter().map(day).collect(),
    })
}

/// So much a part, rounded half up; `None` of no parts.
pub fn each(whole: i128, parts: i128) -> Option<i128> {
    (parts > 0).then(|| div_half_up(whole, parts))
}
