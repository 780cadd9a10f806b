//! All clients: who they are, whether they may work, and what they make of the service.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Ask, Deed, Look, Query, Records},
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Form, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{moment, size},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Patch,
    admin::{
        NewClient, NewOwner, NewTenant, Tenant, TenantPatch, TenantQuery, live::OperatorEvent, overview::TenantUsage,
    },
};

const STATUS: Narrow = Narrow { name: "status", values: &["active", "suspended"] };

#[derive(Debug)]
pub struct Tenants;

impl Subject for Tenants {
    type Record = Tenant;

    const ABOUT: About = About {
        name: "tenants",
        title: "Tenants",
        columns: &[
            Column { title: "Slug", width: Width::Rest(14), rank: 0, right: false },
            Column { title: "Name", width: Width::Rest(16), rank: 1, right: false },
            Column { title: "State", width: Width::Fixed(11), rank: 0, right: false },
            Column { title: "Currency", width: Width::Fixed(8), rank: 2, right: false },
            Column { title: "Time zone", width: Width::Fixed(18), rank: 4, right: false },
            Column { title: "Since", width: Width::Fixed(10), rank: 3, right: true },
        ],
        bindings: keys::TENANTS,
        narrows: &[STATUS],
        nothing: "There are no clients yet.",
        at_once: 20_000,
        fresh: 60,
        events: &["tenant."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        Ok(Query::Tenants(TenantQuery { status: narrows.word(&STATUS)?, ..TenantQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<Tenant>> {
        if let Records::Tenants(tenants) = records { Some(tenants.clone()) } else { None }
    }

    fn row(tenant: &Tenant) -> Row {
        let state = Cell::text(&*tenant.status).toned(if is_suspended(tenant) { Tone::Bad } else { Tone::Good });
        let since = Cell::by(tenant.created_at.format("%Y-%m-%d").to_string(), tenant.created_at.timestamp());
        let cells = vec![
            Cell::text(&*tenant.slug),
            Cell::text(&*tenant.name),
            state,
            Cell::text(tenant.currency.code()),
            Cell::text(&*tenant.time_zone).toned(Tone::Quiet),
            since.toned(Tone::Quiet),
        ];
        Row { key: tenant.slug.clone(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, Tenant>) -> Vec<Wish> {
        if command == Command::New {
            return subject::open(creating());
        }
        let Some(tenant) = chosen.one else { return Vec::new() };
        let slug = tenant.slug.clone();
        match command {
            Command::Open => {
                let details = Details::of(&slug, details(tenant, chosen.now));
                vec![Wish::Open(Box::new(Popup::Details(details.looking(Look::Usage { tenant: slug }))))]
            }
            Command::Change => subject::open(changing(tenant)),
            Command::Failed => subject::go("syncs", Narrows::to("tenant", slug)),
            Command::Suspend if is_suspended(tenant) => subject::say(format!("{slug} is suspended already.")),
            Command::Suspend => subject::open(suspending(&slug)),
            Command::Resume if is_suspended(tenant) => {
                vec![Wish::Ask(Ask::Do(vec![Deed::ResumeTenant { slug }]))]
            }
            Command::Resume => subject::say(format!("{slug} is not suspended.")),
            _ => Vec::new(),
        }
    }

    fn told(tenant: &mut Tenant, event: &OperatorEvent) -> bool {
        let status = match event.kind.as_str() {
            "tenant.suspended" => "suspended",
            "tenant.resumed" => "active",
            _ => return false,
        };
        status.clone_into(&mut tenant.status);
        true
    }
}

fn is_suspended(tenant: &Tenant) -> bool {
    tenant.status == "suspended"
}

fn details(tenant: &Tenant, now: DateTime<Utc>) -> Vec<Line> {
    let limit = |limit: Option<u32>| limit.map_or("as by default".to_owned(), |limit| format!("{limit} a second"));
    let tone = if is_suspended(tenant) { Tone::Bad } else { Tone::Good };
    let mut lines = vec![
        Line::field("Slug", &tenant.slug),
        Line::field("Name", &tenant.name),
        Line::Field("State", tenant.status.clone(), tone),
        Line::field("Id", tenant.id),
        Line::field("Currency", tenant.currency.code()),
        Line::field("Time zone", &tenant.time_zone),
        Line::field("Made", moment(tenant.created_at, now)),
        Line::field("Changed", moment(tenant.updated_at, now)),
        Line::field("Reads", limit(tenant.limits.reads_per_second)),
        Line::field("Writes", limit(tenant.limits.writes_per_second)),
        Line::field("Uploads", limit(tenant.limits.uploads_per_second)),
        Line::field("Reports", limit(tenant.limits.reports_per_second)),
    ];
    if let Some(reason) = &tenant.suspended_reason {
        lines.insert(3, Line::field("Reason", reason));
    }
    lines
}

/// What a client makes of the service, and how it sells.
pub fn usage(usage: &TenantUsage) -> Vec<Line> {
    let trouble =
        |name, count: i64| Line::Field(name, count.to_string(), if count > 0 { Tone::Bad } else { Tone::Plain });
    let yes = |is_so| if is_so { "yes" } else { "no" };
    vec![
        Line::Heading("Usage".to_owned()),
        Line::field("Users", usage.users),
        Line::field("Products", usage.products),
        Line::field("Orders", format!("{} in 30 days", usage.orders_of_30_days)),
        Line::field("Sessions", usage.open_sessions),
        Line::field("Pictures", format!("{}, {} in the store", usage.images, size(usage.image_bytes))),
        trouble("Failed", usage.failed_syncs),
        trouble("Dead jobs", usage.dead_jobs),
        Line::Heading("Policies".to_owned()),
        Line::field("Discounts", format!("{} % at most", usage.max_discount_pct)),
        Line::field("Commission", format!("{} %", usage.sales_commission_pct)),
        Line::field("Payment", format!("within {} days", usage.payment_terms_days)),
        Line::field("Taxed", format!("prices include tax: {}", yes(usage.prices_include_tax))),
        Line::field("Invoices", format!("at once: {}", yes(usage.auto_invoice))),
        Line::field("Low stock", usage.low_stock_threshold.map_or("not told".to_owned(), |low| low.to_string())),
    ]
}

fn suspending(slug: &str) -> Form {
    let deed = Deed::SuspendTenant { slug: slug.to_owned(), reason: String::new() };
    Form::new(&format!("Suspend {slug}"))
        .warning("Its users, keys and jobs stop at once, until it is resumed.")
        .reason()
        .exactly(slug)
        .doing(vec![deed])
}

fn creating() -> Form {
    Form::new("A new client, and its first owner")
        .needed("Slug", "")
        .needed("Name", "")
        .needed("Currency", "EUR")
        .optional("Time zone", "UTC")
        .needed("Owner", "owner")
        .secret("Password")
        .optional("E-mail", "")
        .making(|filled| {
            let [slug, name, currency, time_zone, username, password, email] = filled else {
                return Err("Something is missing.".to_owned());
            };
            let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
            let code = serde_json::Value::String(currency.to_uppercase());
            let currency =
                serde_json::from_value(code).map_err(|_| format!("{currency} is no currency: write EUR, or USD."))?;
            let client = NewClient { slug: slug.clone(), name: name.clone(), currency, time_zone: some(time_zone) };
            let owner = NewOwner { username: username.clone(), password: password.clone(), email: some(email) };
            Ok(vec![Deed::CreateTenant(Box::new(NewTenant { client, owner }))])
        })
}

fn changing(tenant: &Tenant) -> Form {
    let (slug, version) = (tenant.slug.clone(), tenant.version);
    let before = [tenant.name.clone(), tenant.time_zone.clone()];
    Form::new(&format!("Change {slug}")).needed("Name", &tenant.name).needed("Time zone", &tenant.time_zone).making(
        move |filled| {
            let changed = |at: usize| match (filled.get(at), before.get(at)) {
                (Some(now), Some(before)) if now != before => Patch::Value(now.clone()),
                _ => Patch::Absent,
            };
            let patch = TenantPatch { name: changed(0), time_zone: changed(1), ..TenantPatch::default() };
            if patch.name.is_absent() && patch.time_zone.is_absent() {
                return Err("Nothing is changed.".to_owned());
            }
            Ok(vec![Deed::ChangeTenant { slug: slug.clone(), version, patch: Box::new(patch) }])
        },
    )
}
