//! Customers in the database; erased ones are as if they were not there.

use super::{
    model::Details,
    service::{Customer, Filter},
};
use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx, lower, part_like, prepared},
        http::PageRequest,
    },
    schema::customers,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    CustomerId,
    customers::{Address, Contact},
};
use diesel::{
    prelude::*,
    sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = customers)]
struct Row {
    id: Uuid,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    phone: Option<String>,
    billing_address: Option<Value>,
    shipping_address: Option<Value>,
    payment_terms_days: Option<i32>,
    note: Option<String>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn into_customer(self) -> Result<Customer, DbError> {
        let Self { email, first_name, last_name, company, phone, .. } = self;
        Ok(Customer {
            id: CustomerId(self.id),
            details: Details {
                contact: Contact { email, first_name, last_name, company, phone },
                billing_address: address(self.billing_address)?,
                shipping_address: address(self.shipping_address)?,
                payment_terms_days: self.payment_terms_days,
                note: self.note,
            },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn address(value: Option<Value>) -> Result<Option<Address>, DbError> {
    let corrupt = |error: serde_json::Error| DbError::Corrupt { table: "customers", what: error.to_string() };
    value.map(serde_json::from_value).transpose().map_err(corrupt)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn known(tenant: Uuid) -> _ {
    customers::table.filter(customers::tenant_id.eq(tenant)).filter(customers::erased_at.is_null())
}

pub fn find(tx: &mut TenantTx<'_>, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let tenant = tx.tenant_id();
    let row = known(tenant.0).filter(customers::id.eq(id.0)).select(Row::as_select()).first(tx.conn()).optional()?;
    row.map(Row::into_customer).transpose()
}

/// As [`find`], and the customer is neither changed nor erased until the transaction ends.
pub fn hold(tx: &mut TenantTx<'_>, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let tenant = tx.tenant_id();
    let query = known(tenant.0).filter(customers::id.eq(id.0)).select(Row::as_select()).for_share();
    query.first(tx.conn()).optional()?.map(Row::into_customer).transpose()
}

/// As [`find`], for somebody who changes it.
pub fn lock(tx: &mut TenantTx<'_>, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let tenant = tx.tenant_id();
    let query = known(tenant.0).filter(customers::id.eq(id.0)).select(Row::as_select()).for_no_key_update();
    query.first(tx.conn()).optional()?.map(Row::into_customer).transpose()
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Customer>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = known(tenant.0).select(Row::as_select()).into_boxed();
    if let Some(email) = &filter.email {
        // As the column was made, whatever the database takes for lower case.
        query = query.filter(customers::email_key.eq(lower(email)));
    }
    if let Some(q) = &filter.q {
        let part = part_like(q);
        query = query.filter(
            (customers::email.ilike(part.clone()))
                .or(customers::first_name.ilike(part.clone()))
                .or(customers::last_name.ilike(part.clone()))
                .or(customers::company.ilike(part.clone()))
                .or(customers::phone.ilike(part))
                .assume_not_null(),
        );
    }
    if let Some(after) = asked.after {
        query = query
            .filter(customers::created_at.le(after.created_at))
            .filter(customers::created_at.lt(after.created_at).or(customers::id.lt(after.id)));
    }
    let rows =
        query.order((customers::created_at.desc(), customers::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(Row::into_customer).collect()
}

/// The columns that people enter and change; `None` clears one.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = customers, treat_none_as_null = true)]
struct Columns<'a> {
    email: Option<&'a str>,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    company: Option<&'a str>,
    phone: Option<&'a str>,
    billing_address: Option<Value>,
    shipping_address: Option<Value>,
    payment_terms_days: Option<i32>,
    note: Option<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(details: &'a Details) -> Self {
        let contact = &details.contact;
        let json = |address: &Option<Address>| address.as_ref().map(|address| serde_json::json!(address));
        Self {
            email: contact.email.as_deref(),
            first_name: contact.first_name.as_deref(),
            last_name: contact.last_name.as_deref(),
            company: contact.company.as_deref(),
            phone: contact.phone.as_deref(),
            billing_address: json(&details.billing_address),
            shipping_address: json(&details.shipping_address),
            payment_terms_days: details.payment_terms_days,
            note: details.note.as_deref(),
        }
    }
}

pub fn insert(tx: &mut TenantTx<'_>, id: CustomerId, details: &Details) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::insert_into(customers::table)
        .values((
            customers::tenant_id.eq(tenant.0),
            customers::id.eq(id.0),
            Columns::of(details),
            customers::created_at.eq(now),
            customers::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Enters many in one statement.
pub fn insert_all(tx: &mut TenantTx<'_>, all: &[(CustomerId, Details)]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let rows: Vec<Columns<'_>> = all.iter().map(|(_, details)| Columns::of(details)).collect();
    let texts = |pick: for<'a> fn(&'a Columns<'_>) -> Option<&'a str>| rows.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "INSERT INTO customers (tenant_id, id, email, first_name, last_name, company, phone, billing_address, \
         shipping_address, payment_terms_days, note, created_at, updated_at) \
         SELECT $1, c.*, $2, $2 FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12) c",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(all.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.email))
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.first_name))
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.last_name))
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.company))
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.phone))
    .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.billing_address.clone()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.shipping_address.clone()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(rows.iter().map(|row| row.payment_terms_days).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|row| row.note))
    .execute(tx.conn())?;
    Ok(())
}

/// Writes changed details over those that [`lock`] gave.
pub fn update(tx: &mut TenantTx<'_>, customer: &Customer) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::update(customers::table.find((tenant.0, customer.id.0)))
        .set((
            Columns::of(&customer.details),
            customers::version.eq(customer.version),
            customers::updated_at.eq(customer.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Leaves nothing of the person but the row; a trigger does the same on their orders.
pub fn erase(tx: &mut TenantTx<'_>, customer: &Customer) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(customers::table.find((tenant.0, customer.id.0)))
        .set((
            Columns::of(&Details::default()),
            customers::version.eq(customer.version + 1),
            customers::updated_at.eq(now),
            customers::erased_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
