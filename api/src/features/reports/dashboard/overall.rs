//! How all clients are doing: each in its own days, and together by currency.

use super::{
    super::{
        earnings::{Earnings, percentage},
        error::ReportError,
        repo::{self, ClientRow, StandingRow},
    },
    client::security,
    kpis::{Booked, booked_by_all},
    windows::{Windows, spans},
};
use crate::{
    features::accounting::decimal,
    platform::db::{DbError, PlatformTx},
};
use countinghouse_contract::{
    Currency, TenantId,
    dashboard::{ClientFigures, CurrencyFigures, Earned, EarnedIn, ServiceDashboard},
};
use std::collections::{BTreeMap, HashMap};

/// So many clients are shown one by one.
const SHOWN: usize = 1_000;

/// What a client, or all of one currency, earned and have on hand.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    booked: Booked,
    inventory: i128,
}

pub fn read(tx: &mut PlatformTx<'_>) -> Result<ServiceDashboard, ReportError> {
    let now = tx.now();
    let clients = repo::clients(tx)?;
    let windows: Vec<_> = clients.iter().map(|client| (client.tenant(), spans(now, &client.time_zone))).collect();
    let booked = booked_by_all(tx, &windows)?;
    let ids: Vec<TenantId> = clients.iter().map(ClientRow::tenant).collect();
    let standings = repo::standings(tx, &ids)?;
    let standings: HashMap<TenantId, StandingRow> =
        standings.into_iter().map(|row| (TenantId(row.tenant_id), row)).collect();
    let active = clients.iter().filter(|client| client.is_active()).count();
    Ok(ServiceDashboard {
        read_at: now,
        active_clients: counted(active),
        suspended_clients: counted(clients.len() - active),
        by_currency: by_currency(&clients, &booked, &standings)?,
        security: security(tx, &ids, &Windows::new(now, "UTC")?)?,
        by_client: by_client(clients, &booked, &standings)?,
    })
}

fn counted(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

type Booking = HashMap<TenantId, Booked>;
type Standings = HashMap<TenantId, StandingRow>;

fn sum_of(client: TenantId, booked: &Booking, standings: &Standings) -> Sum {
    Sum {
        booked: booked.get(&client).copied().unwrap_or_default(),
        inventory: standings.get(&client).map_or(0, |row| row.value.0),
    }
}

fn by_currency(
    clients: &[ClientRow],
    booked: &Booking,
    standings: &Standings,
) -> Result<Vec<CurrencyFigures>, DbError> {
    let mut sums: BTreeMap<&str, (Currency, i64, Sum)> = BTreeMap::new();
    for client in clients {
        let currency = client.currency()?;
        let (_, count, sum) = sums.entry(currency.code()).or_insert_with(|| (currency, 0, Sum::default()));
        *count += 1;
        *sum = sum.plus(sum_of(client.tenant(), booked, standings));
    }
    let figures = |(currency, clients, sum): (Currency, i64, Sum)| CurrencyFigures {
        currency,
        clients,
        figures: sum.to_wire(currency),
    };
    Ok(sums.into_values().map(figures).collect())
}

fn by_client(clients: Vec<ClientRow>, booked: &Booking, standings: &Standings) -> Result<Vec<ClientFigures>, DbError> {
    let figures = |client: ClientRow| {
        let (tenant, currency) = (client.tenant(), client.currency()?);
        let standing = standings.get(&tenant);
        Ok::<_, DbError>(ClientFigures {
            figures: sum_of(tenant, booked, standings).to_wire(currency),
            slug: client.slug,
            name: client.name,
            status: client.status,
            currency,
            low_stock: standing.map_or(0, |row| row.low),
            out_of_stock: standing.map_or(0, |row| row.out),
            newest_order_at: standing.and_then(|row| row.newest_order_at),
        })
    };
    clients.into_iter().take(SHOWN).map(figures).collect()
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        let (one, two) = (self.booked, other.booked);
        let booked = Booked {
            today: one.today.plus(two.today),
            week: one.week.plus(two.week),
            month: one.month.plus(two.month),
            recent: one.recent.plus(two.recent),
        };
        Self { booked, inventory: self.inventory + other.inventory }
    }

    fn to_wire(self, currency: Currency) -> Earned {
        let money = |minor: i128| decimal(minor, currency);
        let earned = |earned: Earnings| EarnedIn {
            revenue: money(earned.net_revenue()),
            gross_profit: money(earned.gross_profit()),
            gross_margin_pct: percentage(earned.gross_profit(), earned.net_revenue()),
            returned_amount: money(earned.returns),
        };
        Earned {
            today: earned(self.booked.today),
            week: earned(self.booked.week),
            month: earned(self.booked.month),
            inventory_value: money(self.inventory),
        }
    }
}
