//! Endpoints of clients' webhooks that nothing reaches.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Query, Records},
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    table::{Cell, Column, Row, Width},
    text::{brief, word},
    theme::Tone,
};
use countinghouse_contract::admin::looks::{FailingEndpointQuery, TenantWebhookEndpoint};

#[derive(Debug)]
pub struct Endpoints;

impl Subject for Endpoints {
    type Record = TenantWebhookEndpoint;

    const ABOUT: About = About {
        name: "webhooks",
        title: "Failing endpoints",
        columns: &[
            Column { title: "Tenant", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "Address", width: Width::Rest(16), rank: 0, right: false },
            Column { title: "State", width: Width::Fixed(18), rank: 0, right: false },
            Column { title: "Failing since", width: Width::Fixed(14), rank: 1, right: false },
            Column { title: "Told of", width: Width::Fixed(10), rank: 3, right: false },
        ],
        bindings: keys::ENDPOINTS,
        narrows: &[Narrow { name: "tenant", values: &[] }],
        nothing: "All endpoints are reached.",
        at_once: 1_000,
        fresh: 60,
        events: &["webhook_endpoint."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let tenant = narrows.text("tenant");
        Ok(Query::Endpoints(FailingEndpointQuery { tenant, ..FailingEndpointQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<TenantWebhookEndpoint>> {
        if let Records::Endpoints(endpoints) = records { Some(endpoints.clone()) } else { None }
    }

    fn row(TenantWebhookEndpoint { tenant, endpoint }: &TenantWebhookEndpoint) -> Row {
        let state = match &endpoint.disabled_by {
            Some(by) => Cell::text(format!("disabled: {}", word(by))).toned(Tone::Bad),
            None => Cell::text("failing").toned(Tone::Warning),
        };
        let since = endpoint.failing_since.map_or(Cell::by("", 0), |at| Cell::by(brief(at), at.timestamp()));
        let told_of = match endpoint.event_types.len() {
            0 => "everything".to_owned(),
            1 => "1 kind".to_owned(),
            kinds => format!("{kinds} kinds"),
        };
        let cells = vec![
            Cell::text(&**tenant),
            Cell::text(&*endpoint.url),
            state,
            since,
            Cell::text(told_of).toned(Tone::Quiet),
        ];
        Row { key: endpoint.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, TenantWebhookEndpoint>) -> Vec<Wish> {
        let Some(TenantWebhookEndpoint { tenant, endpoint }) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let narrows = Narrows::to("tenant", &**tenant).with("endpoint", endpoint.id.to_string());
                subject::go("deliveries", narrows)
            }
            Command::Tenant => subject::go_to_tenant(tenant),
            _ => Vec::new(),
        }
    }
}
