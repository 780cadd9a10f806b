//! The console without screens, for scripts: prints what is asked for, and nothing else, on the standard output.

mod lists;

pub use lists::{List, list};

use crate::{
    Output,
    panel::Failure,
    remote::Remote,
    table::record,
    text::{clean, width},
    tokens::Tokens,
};
use countinghouse_client::{Client, ClientError};
use countinghouse_contract::admin::{Tenant, TenantQuery};
use std::{
    error::Error,
    io::{self, Write},
};

#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("the service is away: {0}")]
    Away(String),
    #[error("{0}")]
    Refused(String),
    #[error("you may not see this")]
    Denied,
    #[error("the session is over: log in with `countinghouse-admin login`")]
    LoggedOut,
}

impl From<Failure> for ScriptError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => Self::Away(why),
            Failure::Refused(why) => Self::Refused(why),
            Failure::Denied => Self::Denied,
            Failure::LoggedOut => Self::LoggedOut,
        }
    }
}

/// Whether the session of before is good; an error where that can not be known.
pub async fn is_logged_in(remote: &Remote) -> Result<bool, ScriptError> {
    let query = TenantQuery { limit: Some(1), ..TenantQuery::default() };
    match remote.with(async |session| session.tenants(&query).await).await {
        Ok(_) => Ok(true),
        Err(Failure::LoggedOut) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

/// Ends the session at the service and here; one that is over already is no error.
pub async fn log_out(client: &Client, tokens: &Tokens) -> Result<(), Box<dyn Error>> {
    if let Some(session) = tokens.session(client) {
        match session.logout().await {
            Err(error) if !matches!(&error, ClientError::Problem(problem) if problem.status == 401) => Err(error)?,
            _ => {}
        }
    }
    Ok(tokens.forget()?)
}

pub async fn tenants(remote: &Remote, output: Output) -> Result<(), Box<dyn Error>> {
    let (mut all, mut cursor): (Vec<Tenant>, Option<String>) = (Vec::new(), None);
    loop {
        let query = TenantQuery { limit: Some(200), cursor, ..TenantQuery::default() };
        let page = remote.with(async |session| session.tenants(&query).await).await.map_err(ScriptError::from)?;
        all.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut out = io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?,
        Output::Csv | Output::Table => {
            let title = ["slug", "name", "status", "currency", "time_zone", "created_at"].map(str::to_owned);
            let line = |tenant: &Tenant| {
                let made = tenant.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let Tenant { slug, name, status, currency, time_zone, .. } = tenant;
                [slug, name, status, currency.code(), time_zone, &made].map(clean)
            };
            let lines: Vec<[String; 6]> = [title].into_iter().chain(all.iter().map(line)).collect();
            match output {
                Output::Csv => {
                    lines.iter().try_for_each(|line| write!(out, "{}", record(line.iter().map(String::as_str))))?
                }
                _ => aligned(&mut out, &lines)?,
            }
        }
    }
    Ok(())
}

fn aligned<L: AsRef<[String]>>(out: &mut impl Write, lines: &[L]) -> io::Result<()> {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        widths.resize(widths.len().max(line.as_ref().len()), 0);
        for (widest, text) in widths.iter_mut().zip(line.as_ref()) {
            *widest = (*widest).max(width(text));
        }
    }
    for line in lines {
        let cells = line
            .as_ref()
            .iter()
            .zip(&widths)
            .map(|(text, cells)| format!("{text}{}", " ".repeat(cells.saturating_sub(width(text)))));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Says what went wrong, and what was behind it.
pub fn complain(error: &dyn Error) {
    let mut said = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        said = format!("{said}: {cause}");
        behind = cause.source();
    }
    // There is nobody left to tell when this fails.
    let _ = writeln!(io::stderr(), "countinghouse-admin: {}", clean(&said));
}
