//! A client's own row in the database.

use super::model::{Client, Profile};
use crate::{
    platform::{
        authn::Policies,
        db::{DbError, TenantTx},
    },
    schema::tenants,
};
use countinghouse_contract::{Currency, Rate};
use diesel::prelude::*;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants)]
struct Row {
    slug: String,
    name: String,
    currency: String,
    time_zone: String,
    version: i64,
    business_overview: Option<String>,
    opening_hours: Option<String>,
    closing_hours: Option<String>,
    max_discount_pct: i32,
    return_refund_policy: Option<String>,
    sales_commission_pct: i32,
    payment_terms_days: i32,
    whatsapp_number: Option<String>,
    messenger: Option<String>,
    allowed_origins: Vec<String>,
    prices_include_tax: bool,
    shipping_tax_rate: i32,
    auto_invoice: bool,
    low_stock_threshold: Option<i64>,
}

impl TryFrom<Row> for Client {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let currency = Currency::from_code(&row.currency)
            .ok_or_else(|| DbError::Corrupt { table: "tenants", what: format!("currency {}", row.currency) })?;
        let policies = Policies {
            max_discount_pct: Rate(row.max_discount_pct),
            sales_commission_pct: Rate(row.sales_commission_pct),
            payment_terms_days: row.payment_terms_days,
            prices_include_tax: row.prices_include_tax,
            shipping_tax_rate: Rate(row.shipping_tax_rate),
            auto_invoice: row.auto_invoice,
            low_stock_threshold: row.low_stock_threshold,
        };
        let profile = Profile {
            name: row.name,
            currency,
            time_zone: row.time_zone,
            business_overview: row.business_overview,
            opening_hours: row.opening_hours,
            closing_hours: row.closing_hours,
            return_refund_policy: row.return_refund_policy,
            whatsapp_number: row.whatsapp_number,
            messenger: row.messenger,
            allowed_origins: row.allowed_origins,
            policies,
        };
        Ok(Self { slug: row.slug, profile, version: row.version })
    }
}

pub fn find(tx: &mut TenantTx<'_>) -> Result<Client, DbError> {
    let tenant = tx.tenant_id();
    tenants::table.find(tenant.0).select(Row::as_select()).first(tx.conn())?.try_into()
}

/// As [`find`], and nobody else changes it until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>) -> Result<Client, DbError> {
    let tenant = tx.tenant_id();
    tenants::table.find(tenant.0).select(Row::as_select()).for_no_key_update().first(tx.conn())?.try_into()
}

/// The currency is named only when it changes: naming it locks the row against all who point at it.
pub fn update(tx: &mut TenantTx<'_>, before: Currency, client: &Client) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let Profile { currency, policies, .. } = &client.profile;
    diesel::update(tenants::table.find(tenant.0))
        .set((
            tenants::name.eq(&client.profile.name),
            (*currency != before).then(|| tenants::currency.eq(currency.code())),
            tenants::time_zone.eq(&client.profile.time_zone),
            tenants::business_overview.eq(&client.profile.business_overview),
            tenants::opening_hours.eq(&client.profile.opening_hours),
            tenants::closing_hours.eq(&client.profile.closing_hours),
            tenants::return_refund_policy.eq(&client.profile.return_refund_policy),
            tenants::whatsapp_number.eq(&client.profile.whatsapp_number),
            tenants::messenger.eq(&client.profile.messenger),
            tenants::allowed_origins.eq(&client.profile.allowed_origins),
            tenants::max_discount_pct.eq(policies.max_discount_pct.0),
            tenants::sales_commission_pct.eq(policies.sales_commission_pct.0),
            tenants::payment_terms_days.eq(policies.payment_terms_days),
            tenants::prices_include_tax.eq(policies.prices_include_tax),
            tenants::shipping_tax_rate.eq(policies.shipping_tax_rate.0),
            tenants::auto_invoice.eq(policies.auto_invoice),
            tenants::low_stock_threshold.eq(policies.low_stock_threshold),
            tenants::version.eq(client.version),
            tenants::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
