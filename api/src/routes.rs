//! The product on one screen: every operation under `/api/v1`, feature by feature.

use crate::{features, platform::http::Route};

/// All routes, with who may call them.
pub fn table() -> Vec<Route> {
    [
        features::identity::routes(),
        features::registration::routes(),
        features::users::routes(),
        features::roles::routes(),
        features::api_keys::routes(),
        features::client::routes(),
        features::products::routes(),
        features::images::routes(),
        features::inventory::routes(),
        features::customers::routes(),
        features::orders::routes(),
        features::returns::routes(),
        features::accounting::routes(),
        features::reports::routes(),
        features::exports::routes(),
        features::imports::routes(),
        features::audit::routes(),
        features::webhooks::routes(),
        features::erp::routes(),
        features::superadmins::routes(),
        features::tenants::routes(),
        features::operator::routes(),
    ]
    .concat()
}
