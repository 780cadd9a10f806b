//! All clients: who they are, and whether they may work.

use super::{Look, Screen, Wish};
use crate::{
    asks::{Answer, Ask},
    keys::{self, Binding, Command},
    panel::{Standing, age, say},
    popups::{Confirm, Details, Popup},
    table::{Cell, Column, Row, Table, Width},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::admin::Tenant;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Widget},
};
use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    Column { title: "Slug", width: Width::Rest(14), rank: 0, right: false },
    Column { title: "Name", width: Width::Rest(16), rank: 1, right: false },
    Column { title: "State", width: Width::Fixed(11), rank: 0, right: false },
    Column { title: "Currency", width: Width::Fixed(8), rank: 2, right: false },
    Column { title: "Time zone", width: Width::Fixed(18), rank: 4, right: false },
    Column { title: "Since", width: Width::Fixed(10), rank: 3, right: true },
];

#[derive(Debug)]
pub struct Tenants {
    tenants: BTreeMap<String, Tenant>,
    /// While the list is read anew, page by page: what has come so far.
    coming: Option<BTreeMap<String, Tenant>>,
    standing: Standing,
    table: Table,
    area: Rect,
}

impl Tenants {
    pub fn new() -> Self {
        Self {
            tenants: BTreeMap::new(),
            coming: None,
            standing: Standing::default(),
            table: Table::new(COLUMNS),
            area: Rect::default(),
        }
    }

    fn current(&self) -> Option<&Tenant> {
        self.table.current().and_then(|row| self.tenants.get(&row.key))
    }

    /// Each page shows at once what is there; once the last has come, what is gone is gone.
    fn take_page(&mut self, tenants: &[Tenant], is_last: bool) {
        let page = tenants.iter().map(|tenant| (tenant.slug.clone(), tenant.clone()));
        self.tenants.extend(page.clone());
        if let Some(coming) = &mut self.coming {
            coming.extend(page);
        }
        if is_last && let Some(all) = self.coming.take() {
            self.tenants = all;
        }
        self.show();
    }

    fn show(&mut self) {
        let mut newest: Vec<&Tenant> = self.tenants.values().collect();
        newest.sort_by_key(|tenant| std::cmp::Reverse((tenant.created_at, tenant.id)));
        self.table.set(newest.into_iter().map(row).collect());
    }
}

fn row(tenant: &Tenant) -> Row {
    let suspended = tenant.status == "suspended";
    let state = Cell::text(&*tenant.status).toned(if suspended { Tone::Bad } else { Tone::Good });
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

fn details(tenant: &Tenant, now: DateTime<Utc>) -> Details {
    let limit = |limit: Option<u32>| limit.map_or("as by default".to_owned(), |limit| format!("{limit} a second"));
    let mut lines = vec![
        ("Slug", tenant.slug.clone()),
        ("Name", tenant.name.clone()),
        ("State", tenant.status.clone()),
        ("Id", tenant.id.to_string()),
        ("Currency", tenant.currency.code().to_owned()),
        ("Time zone", tenant.time_zone.clone()),
        ("Made", format!("{} ({} ago)", tenant.created_at.format("%F %T UTC"), age(now - tenant.created_at))),
        ("Changed", format!("{} ago", age(now - tenant.updated_at))),
        ("Reads", limit(tenant.limits.reads_per_second)),
        ("Writes", limit(tenant.limits.writes_per_second)),
        ("Uploads", limit(tenant.limits.uploads_per_second)),
        ("Reports", limit(tenant.limits.reports_per_second)),
    ];
    if let Some(reason) = &tenant.suspended_reason {
        lines.insert(3, ("Reason", reason.clone()));
    }
    Details::new(&tenant.slug, lines)
}

impl Screen for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn bindings(&self) -> &'static [Binding] {
        keys::TENANTS
    }

    fn table(&mut self) -> &mut Table {
        &mut self.table
    }

    /// One reading at a time: a long list takes longer than it is until the next one.
    fn reload(&mut self) -> Vec<Wish> {
        if self.coming.is_some() {
            return Vec::new();
        }
        self.coming = Some(BTreeMap::new());
        vec![Wish::Ask(Ask::Tenants { cursor: None })]
    }

    fn act(&mut self, command: Command, now: DateTime<Utc>) -> Vec<Wish> {
        let Some(tenant) = self.current() else { return Vec::new() };
        let popup = match command {
            Command::Open => Popup::Details(details(tenant, now)),
            Command::Suspend if tenant.status != "suspended" => Popup::Confirm(Confirm::suspending(&tenant.slug)),
            Command::Resume if tenant.status == "suspended" => {
                return vec![Wish::Ask(Ask::Resume { slug: tenant.slug.clone() })];
            }
            _ => return Vec::new(),
        };
        vec![Wish::Open(Box::new(popup))]
    }

    fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Wish> {
        match answer {
            Answer::Tenants { page: Ok((tenants, next)) } => {
                self.take_page(tenants, next.is_none());
                self.standing = self.standing.after(Ok(()), now);
                let next = next.clone().map(|next| Wish::Ask(Ask::Tenants { cursor: Some(next) }));
                next.into_iter().collect()
            }
            Answer::Tenants { page: Err(failure) } => {
                self.coming = None;
                self.standing = self.standing.after(Err(failure.clone()), now);
                Vec::new()
            }
            Answer::Tenant { outcome: Ok(tenant), .. } => {
                self.tenants.insert(tenant.slug.clone(), (**tenant).clone());
                self.show();
                Vec::new()
            }
            Answer::Tenant { .. } => Vec::new(),
        }
    }

    fn draw(&mut self, area: Rect, buffer: &mut Buffer, look: Look) {
        let (all, shown) = self.table.counts();
        let count = if all == shown { format!(" {all} ") } else { format!(" {shown} of {all} ") };
        let mut title = vec![Span::styled(" Tenants", look.theme.heading()), Span::raw(count)];
        if let Some((tone, note)) = self.standing.note(look.now) {
            title.push(Span::styled(format!("{}{note} ", tone.sign()), look.theme.tone(tone)));
        }
        let block = Block::bordered().border_style(look.theme.frame(true)).title(Line::from(title));
        self.area = block.inner(area);
        block.render(area, buffer);
        let nothing =
            if all == 0 { "There are no clients yet." } else { "No client matches. Esc takes the filter away." };
        match self.standing.in_place(shown == 0, nothing) {
            Some(said) => say(self.area, buffer, look.theme, &said),
            None => self.table.draw(self.area, buffer, look.theme),
        }
    }

    fn list_area(&self) -> Rect {
        self.area
    }
}
