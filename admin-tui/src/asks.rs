//! What the console asks of the service, and what comes back: the screens know nothing of connections, and whoever
//! asks knows nothing of screens.

use crate::panel::Failure;
use countinghouse_contract::admin::Tenant;

/// One thing to be had or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A page of clients: the first, or what follows a cursor.
    Tenants {
        cursor: Option<String>,
    },
    Suspend {
        slug: String,
        reason: String,
    },
    Resume {
        slug: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A page, and what follows it.
    Tenants { page: Result<(Vec<Tenant>, Option<String>), Failure> },
    /// A client has changed, or has not.
    Tenant { slug: String, did: &'static str, outcome: Result<Box<Tenant>, Failure> },
}

impl Ask {
    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        !matches!(self, Self::Tenants { .. })
    }
}
