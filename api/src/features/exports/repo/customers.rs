//! Customers, newest first; erased ones are as if they were not there.

use super::{Export, Form};
use crate::platform::sheets::Cell;
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

/// The parts of an address, in the order of their columns.
const ADDRESS: [&str; 9] =
    ["name", "company", "street1", "street2", "city", "region", "postal_code", "country", "phone"];

#[derive(QueryableByName)]
pub struct CustomerRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    company: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    billing_address: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    shipping_address: Option<Value>,
    #[diesel(sql_type = Nullable<Integer>)]
    payment_terms_days: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    note: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl Export for CustomerRow {
    const NAME: &'static str = "customers";
    const COLUMNS: &'static [&'static str] = &[
        "email",
        "first_name",
        "last_name",
        "company",
        "phone",
        "billing_name",
        "billing_company",
        "billing_street1",
        "billing_street2",
        "billing_city",
        "billing_region",
        "billing_postal_code",
        "billing_country",
        "billing_phone",
        "shipping_name",
        "shipping_company",
        "shipping_street1",
        "shipping_street2",
        "shipping_city",
        "shipping_region",
        "shipping_postal_code",
        "shipping_country",
        "shipping_phone",
        "payment_terms_days",
        "note",
        "created_at",
        "id",
    ];
    const SQL: &'static str = "SELECT \
         id, email, first_name, last_name, company, phone, billing_address, shipping_address, \
         payment_terms_days, note, created_at FROM customers WHERE tenant_id = $1 AND erased_at IS NULL \
         ORDER BY created_at DESC, id DESC";

    fn cells(&self, form: &Form) -> Vec<Cell<'_>> {
        let Self { email, first_name, last_name, company, phone, .. } = self;
        let mut cells: Vec<Cell<'_>> =
            [email, first_name, last_name, company, phone].into_iter().map(|text| text.as_deref().into()).collect();
        for address in [&self.billing_address, &self.shipping_address] {
            cells.extend(ADDRESS.iter().map(|part| {
                let text = address.as_ref().and_then(|address| address.get(part)).and_then(Value::as_str);
                Cell::from(text)
            }));
        }
        cells.extend([
            self.payment_terms_days.map_or(Cell::Empty, |days| Cell::Whole(days.into())),
            self.note.as_deref().into(),
            form.moment(self.created_at),
            Cell::made(self.id),
        ]);
        cells
    }
}
