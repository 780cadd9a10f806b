//! Reading what reports show. All of it may be read by a client's request, in its tenant, and by a superadmin's:
//! so each query names the tenant.

mod aging;
mod booked;
mod clients;
mod door;
mod sold;
mod stocked;
mod whole;

pub use aging::{AgedRow, aged};
pub use booked::{Booked, Spans, booked};
pub use clients::{ClientRow, StandingRow, clients, find, find_by_slug, freshness, standings};
pub use door::{DoorRow, by_day as door_by_day, open_sessions};
pub use sold::{
    CameBack, MarginRow, OrdersRow, Ranked, SoldRow, came_back, margins, orders_by_day, ranked, returned, sold_units,
};
pub use stocked::{Level, LowRow, MovedRow, level, lowest, moved};
pub use whole::Whole;
