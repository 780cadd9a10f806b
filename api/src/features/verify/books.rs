//! The report on the books: how much each check looked at, and what it found broken.

use super::{
    checks::CHECKS,
    repo::{self, Checked},
};
use crate::platform::db::{DbError, Owner};
use std::fmt;

/// What all checks found.
#[derive(Debug)]
pub struct Report {
    pub clients: usize,
    pub checks: Vec<Summary>,
    pub findings: Vec<Finding>,
}

/// One check over all clients.
#[derive(Debug)]
pub struct Summary {
    pub name: &'static str,
    pub looked_at: i64,
    pub broken: i64,
}

/// Something that is broken, in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub client: String,
    pub check: &'static str,
    pub what: String,
}

impl Report {
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.broken == 0)
    }
}

/// Checks the books of one client, or of all; `None` when there is no such client.
pub fn books(owner: &mut Owner, client: Option<&str>) -> Result<Option<Report>, DbError> {
    owner.read(|tx| {
        let clients = repo::clients(tx, client)?;
        if client.is_some() && clients.is_empty() {
            return Ok(None);
        }
        let mut report = Report { clients: clients.len(), checks: Vec::new(), findings: Vec::new() };
        for check in CHECKS {
            let mut summary = Summary { name: check.name, looked_at: 0, broken: 0 };
            for client in &clients {
                let Checked { looked_at, broken, examples } = repo::check(tx, check, client)?;
                summary.looked_at = summary.looked_at.saturating_add(looked_at);
                summary.broken = summary.broken.saturating_add(broken);
                report.findings.extend(findings(check.name, &client.slug, broken, examples));
            }
            report.checks.push(summary);
        }
        Ok(Some(report))
    })
}

/// The examples, and how many there are besides.
fn findings(check: &'static str, client: &str, broken: i64, examples: Vec<String>) -> impl Iterator<Item = Finding> {
    let shown = i64::try_from(examples.len()).unwrap_or(i64::MAX);
    let more = (broken > shown).then(|| format!("and {} more", broken - shown));
    let client = client.to_owned();
    examples.into_iter().chain(more).map(move |what| Finding { client: client.clone(), check, what })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
        writeln!(f, "{:width$}  {:>10}  {:>7}", "check", "looked at", "broken")?;
        for Summary { name, looked_at, broken } in &self.checks {
            writeln!(f, "{name:width$}  {looked_at:>10}  {broken:>7}")?;
        }
        for Finding { client, check, what } in &self.findings {
            writeln!(f, "{client}: {check}: {what}")?;
        }
        let verdict = if self.holds() { "the books hold" } else { "the books are broken" };
        write!(f, "{} clients: {verdict}", self.clients)
    }
}
