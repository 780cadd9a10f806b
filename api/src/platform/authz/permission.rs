//! The permissions, each `thing:verb`, and sets of them.

use std::fmt;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What an operation asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $($(#[$doc])* $name),*
        }

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The permission that is written so.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|permission| permission.as_str() == text).copied()
            }

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

permissions! {
    /// The client's profile and policies.
    ClientRead = "client:read",
    ClientWrite = "client:write",
    ProductsRead = "products:read",
    ProductsWrite = "products:write",
    /// What moved stock, and when.
    InventoryRead = "inventory:read",
    InventoryWrite = "inventory:write",
    /// What goods cost and what is earned on them, on products, movements and orders. The books and
    /// reports, which are about that, have permissions of their own.
    CostsRead = "costs:read",
    OrdersRead = "orders:read",
    OrdersWrite = "orders:write",
    /// To sell below what the client's `max_discount_pct` allows.
    OrdersPrice = "orders:price",
    /// To enter orders of the past.
    OrdersBackdate = "orders:backdate",
    InvoicesWrite = "invoices:write",
    PaymentsWrite = "payments:write",
    RefundsWrite = "refunds:write",
    FulfilmentsWrite = "fulfilments:write",
    ReturnsRead = "returns:read",
    /// To take goods back, which credits them.
    ReturnsWrite = "returns:write",
    CustomersRead = "customers:read",
    CustomersWrite = "customers:write",
    AccountingRead = "accounting:read",
    /// To post by hand, and to enter accounts.
    AccountingWrite = "accounting:write",
    /// To close a month, and to open it again.
    AccountingClose = "accounting:close",
    ReportsRead = "reports:read",
    /// The client's people and its roles.
    UsersRead = "users:read",
    UsersWrite = "users:write",
    RolesWrite = "roles:write",
    /// The client's API keys.
    ApiKeysRead = "api_keys:read",
    ApiKeysWrite = "api_keys:write",
    /// Everybody's sessions, and what happened at the door.
    SessionsRead = "sessions:read",
    /// To end anybody's session.
    SessionsWrite = "sessions:write",
    /// Where the client's events are sent, and what became of each.
    WebhooksRead = "webhooks:read",
    /// To have all that happens sent somewhere: by ids and figures, whatever else its holder may read.
    WebhooksWrite = "webhooks:write",
    /// How orders stand on their way to the ERP.
    ErpViewStatus = "erp:view_status",
    /// To send an order of before, and what waits for the cron.
    ErpSync = "erp:sync",
    /// To send an order once more.
    ErpResync = "erp:resync",
    /// To retry what failed for good, and to discard it.
    ErpManage = "erp:manage",
    /// Where the ERP is, its secrets, and how it is treated.
    ErpConfig = "erp:config",
    /// Who did what to what, with all amounts.
    AuditRead = "audit:read",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some of the permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionSet(Vec<Permission>);

impl PermissionSet {
    pub fn holds(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// What this set lacks of another.
    pub fn lacks(&self, other: &Self) -> Vec<Permission> {
        other.iter().filter(|permission| !self.holds(*permission)).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}
