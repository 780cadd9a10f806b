//! How the whole service is doing: its parts, what waits, what happened in the last hour, and below it the clients
//! that need somebody.

use super::{About, Chosen, Look, Subject, Wish, subject};
use crate::{
    asks::{Query, Records},
    keys::{self, Command},
    narrows::Narrows,
    panel::age,
    table::{Cell, Column, Row, Width},
    text::{brief, fit, width, word},
    theme::{Theme, Tone},
};
use chrono::{DateTime, TimeDelta, Utc};
use countinghouse_contract::admin::overview::{Overview, PartState, TenantTrouble};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Widget},
};

/// From this width on, the rates stand beside the numbers.
const WIDE: u16 = 110;
const LABEL: usize = 9;
const RATE_LABEL: usize = 15;
const IN_AN_HOUR: &str = " in 1 h";
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

#[derive(Debug, Default)]
pub struct Overviewed(Option<Box<Overview>>);

impl Subject for Overviewed {
    type Record = TenantTrouble;

    const ABOUT: About = About {
        name: "overview",
        title: "Tenants in trouble",
        columns: &[
            Column { title: "Tenant", width: Width::Rest(12), rank: 0, right: false },
            Column { title: "State", width: Width::Fixed(11), rank: 1, right: false },
            Column { title: "Failed syncs", width: Width::Fixed(12), rank: 0, right: true },
            Column { title: "Dead jobs", width: Width::Fixed(9), rank: 0, right: true },
            Column { title: "Endpoints", width: Width::Fixed(9), rank: 0, right: true },
            Column { title: "ERP left alone", width: Width::Fixed(14), rank: 2, right: false },
        ],
        bindings: keys::OVERVIEW,
        narrows: &[],
        nothing: "No client needs anybody.",
        at_once: 100,
        fresh: 5,
        events: &["tenant.", "erp_sync.failed", "erp_sync.retried", "erp_breaker.", "job.", "webhook_endpoint."],
        is_in_bar: true,
    };

    fn query(_: &Narrows) -> Result<Query, String> {
        Ok(Query::Overview)
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<TenantTrouble>> {
        let Records::Overview(overview) = records else { return None };
        self.0 = Some(overview.clone());
        Some(overview.trouble.clone())
    }

    fn row(trouble: &TenantTrouble) -> Row {
        let count =
            |count: i64| Cell::by(count.to_string(), count).toned(if count > 0 { Tone::Bad } else { Tone::Quiet });
        let state = if trouble.suspended {
            Cell::text("suspended").toned(Tone::Bad)
        } else {
            Cell::text("active").toned(Tone::Good)
        };
        let alone = trouble.breaker_open_until.map_or(Cell::by("", 0), |at| Cell::by(brief(at), at.timestamp()));
        let cells = vec![
            Cell::text(&*trouble.tenant),
            state,
            count(trouble.failed_syncs),
            count(trouble.dead_jobs),
            count(trouble.failing_endpoints),
            alone,
        ];
        Row { key: trouble.tenant.clone(), cells }
    }

    /// To what is worst.
    fn act(&self, command: Command, chosen: &Chosen<'_, TenantTrouble>) -> Vec<Wish> {
        let Some(trouble) = chosen.one else { return Vec::new() };
        let narrows = Narrows::to("tenant", &*trouble.tenant);
        match command {
            Command::Open if trouble.failed_syncs > 0 => subject::go("syncs", narrows),
            Command::Open if trouble.dead_jobs > 0 => subject::go("jobs", narrows),
            Command::Open if trouble.failing_endpoints > 0 => subject::go("webhooks", narrows),
            Command::Open | Command::Tenant => subject::go_to_tenant(&trouble.tenant),
            _ => Vec::new(),
        }
    }

    fn draw_head(&self, area: Rect, buffer: &mut Buffer, look: Look) -> Rect {
        let Some(overview) = &self.0 else { return area };
        let (numbers, is_wide) = (numbers(overview, look), area.width >= WIDE);
        let rates_width = if is_wide { area.width / 2 } else { area.width }.saturating_sub(4);
        let rates = rates(overview, rates_width.into(), look.theme);
        let tall = |lines: usize| u16::try_from(lines).unwrap_or_default() + 2;
        let height = if is_wide { tall(numbers.len().max(rates.len())) } else { tall(numbers.len() + rates.len()) };
        let head = Rect { height: height.min(area.height), ..area };
        let block = Block::bordered()
            .border_style(look.theme.frame(false))
            .title(Span::styled(" Service ", look.theme.heading()));
        let inside = block.inner(head);
        block.render(head, buffer);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        if is_wide {
            let right = Rect { x: inside.right().saturating_sub(rates_width), width: rates_width, ..inside };
            write(numbers, Rect { width: inside.width.saturating_sub(rates_width + 2), ..inside }, buffer);
            write(rates, right, buffer);
        } else {
            write([numbers, rates].concat(), inside, buffer);
        }
        Rect { y: head.bottom(), height: area.height.saturating_sub(head.height), ..area }
    }
}

fn write(lines: Vec<Line<'_>>, area: Rect, buffer: &mut Buffer) {
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        line.render(Rect { y, height: 1, ..area }, buffer);
    }
}

fn numbers(overview: &Overview, look: Look) -> Vec<Line<'static>> {
    let theme = look.theme;
    let span = |tone: Tone, text: String| Span::styled(format!("{}{text}  ", tone.sign()), theme.tone(tone));
    let plain = |text: String| span(Tone::Plain, text);
    let some = |count: i64, tone: Tone, what: &str| {
        span(if count > 0 { tone } else { Tone::Plain }, format!("{count} {what}"))
    };
    let plural = |count: i64, one, many| if count == 1 { one } else { many };
    let due = |since: Option<DateTime<Utc>>| waits(since, look);
    let part = |name: &str, state: PartState| {
        let tone = if state == PartState::Ok { Tone::Good } else { Tone::Bad };
        let more = if state == PartState::Ok { String::new() } else { format!(" {}", word(&state)) };
        span(tone, format!("{name}{more}"))
    };
    let parts = overview.parts;
    let line = |name: &str, spans: Vec<Span<'static>>| {
        let label = Span::styled(format!("{name:<LABEL$}"), theme.tone(Tone::Quiet));
        Line::from([vec![label], spans].concat())
    };
    vec![
        line(
            "Parts",
            vec![part("database", parts.database), part("Redis", parts.redis), part("workers", parts.workers)],
        ),
        line(
            "Tenants",
            vec![
                plain(format!("{} active", overview.active_tenants)),
                some(overview.suspended_tenants, Tone::Warning, "suspended"),
                some(
                    overview.open_breakers,
                    Tone::Warning,
                    plural(overview.open_breakers, "ERP left alone", "ERPs left alone"),
                ),
            ],
        ),
        line(
            "Jobs",
            vec![
                plain(format!("{} waiting", overview.waiting_jobs)),
                plain(format!("{} running", overview.running_jobs)),
                some(overview.dead_jobs, Tone::Bad, "dead"),
                due(overview.oldest_job_due),
            ],
        ),
        line("Syncs", vec![some(overview.failed_syncs, Tone::Bad, "failed"), due(overview.oldest_sync_due)]),
        line(
            "Webhooks",
            vec![
                some(
                    overview.failing_endpoints,
                    Tone::Warning,
                    plural(overview.failing_endpoints, "endpoint fails", "endpoints fail"),
                ),
                due(overview.oldest_delivery_due),
            ],
        ),
    ]
}

/// How long the oldest has waited; more than a minute is too long.
fn waits(since: Option<DateTime<Utc>>, look: Look) -> Span<'static> {
    let Some(since) = since else { return Span::raw("") };
    let waited = look.now - since;
    let tone = if waited > TimeDelta::minutes(1) { Tone::Warning } else { Tone::Quiet };
    Span::styled(format!("{}oldest {}", tone.sign(), age(waited)), look.theme.tone(tone))
}

fn rates(overview: &Overview, cells: usize, theme: Theme) -> Vec<Line<'static>> {
    let rates = &overview.rates;
    let rates = [
        ("Orders", &rates.orders, Tone::Plain),
        ("Log-ins", &rates.log_ins, Tone::Plain),
        ("Turned away", &rates.failed_log_ins, Tone::Warning),
        ("Syncs arrived", &rates.syncs_arrived, Tone::Plain),
        ("Syncs failed", &rates.syncs_failed, Tone::Bad),
        ("Jobs died", &rates.jobs_died, Tone::Bad),
    ];
    let sums = rates.map(|(_, counts, _)| counts.iter().sum::<i64>().to_string());
    let widest = sums.iter().map(|sum| width(sum)).max().unwrap_or_default();
    let room = cells.saturating_sub(RATE_LABEL + widest + width(IN_AN_HOUR) + 1);
    let line = |((name, counts, tone), sum): ((&str, &Vec<i64>, Tone), String)| {
        let tone = if sum == "0" { Tone::Quiet } else { tone };
        Line::from(vec![
            Span::styled(format!("{:<RATE_LABEL$}", fit(name, RATE_LABEL)), theme.tone(Tone::Quiet)),
            Span::styled(sparkline(counts, room), theme.tone(tone)),
            Span::styled(format!(" {sum:>widest$}{IN_AN_HOUR}"), theme.tone(tone)),
        ])
    };
    rates.into_iter().zip(sums).map(line).collect()
}

/// A bar for each minute, as high as its part of the highest; where there is less room, the last ones.
fn sparkline(counts: &[i64], cells: usize) -> String {
    let highest = i128::from(counts.iter().copied().max().unwrap_or_default().max(1));
    let highest_bar = i128::try_from(BARS.len()).unwrap_or_default();
    let bar = |count: &i64| {
        let height = (i128::from(*count) * highest_bar + highest - 1) / highest;
        let at = usize::try_from(height - 1).ok();
        at.and_then(|at| BARS.get(at)).copied().unwrap_or("·")
    };
    counts.iter().skip(counts.len().saturating_sub(cells)).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_part_and_the_last_ones_stay() {
        assert_eq!(sparkline(&[0, 1, 4, 8, 0], 5), "·▁▄█·");
        assert_eq!(sparkline(&[9, 0, 1000, 1], 3), "·█▁");
        assert_eq!(sparkline(&[0, 0], 60), "··");
        assert_eq!(sparkline(&[i64::MAX, 1], 2), "█▁");
        assert_eq!(sparkline(&[], 10), "");
    }
}
