//! The lists of the screens, for scripts: all there is, as records or as the columns of the screen.

use super::{ScriptError, aligned};
use crate::{
    Output,
    asks::{Answer, Ask},
    narrows::Narrows,
    remote::Remote,
    screens::{Audit, Endpoints, Jobs, LogIns, Queues, Sessions, Subject, Syncs},
    table::{Format, Table},
};
use clap::{Args, Subcommand};
use std::{
    error::Error,
    io::{self, Write},
};

/// Which of a list, and how it is printed.
#[derive(Args)]
pub struct Listing {
    /// Narrows the list as `:` does on its screen, such as tenant=north; more than once for more
    #[arg(long, value_name = "NAME=VALUE")]
    only: Vec<String>,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Subcommand)]
pub enum List {
    /// Lists orders that do not reach their ERPs
    Syncs(Listing),
    /// Lists how the jobs of each kind stand
    Queues(Listing),
    /// Lists jobs that were given up
    Jobs(Listing),
    /// Lists endpoints that nothing reaches
    Webhooks(Listing),
    /// Lists open sessions
    Sessions(Listing),
    /// Lists who was turned away
    LogIns(Listing),
    /// Lists what superadmins did
    Audit(Listing),
}

pub async fn list(list: &List, remote: &Remote) -> Result<(), Box<dyn Error>> {
    match list {
        List::Syncs(listing) => print(Syncs, remote, listing).await,
        List::Queues(listing) => print(Queues, remote, listing).await,
        List::Jobs(listing) => print(Jobs, remote, listing).await,
        List::Webhooks(listing) => print(Endpoints, remote, listing).await,
        List::Sessions(listing) => print(Sessions, remote, listing).await,
        List::LogIns(listing) => print(LogIns, remote, listing).await,
        List::Audit(listing) => print(Audit::default(), remote, listing).await,
    }
}

async fn print<S: Subject>(mut subject: S, remote: &Remote, listing: &Listing) -> Result<(), Box<dyn Error>> {
    let query = S::query(&narrows::<S>(&listing.only)?).map_err(ScriptError::Refused)?;
    let (mut all, mut cursor): (Vec<S::Record>, Option<String>) = (Vec::new(), None);
    loop {
        let Answer::Page { page, .. } = remote.answer(Ask::Page { query: query.clone(), cursor }).await else { break };
        let page = page.map_err(ScriptError::from)?;
        all.extend(subject.taken(&page.records).unwrap_or_default());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut out = io::stdout().lock();
    let rows = all.iter().map(S::row);
    match listing.output {
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?,
        Output::Csv => {
            let mut table = Table::new(S::ABOUT.columns);
            table.set(rows.collect());
            write!(out, "{}", table.export(Format::Csv))?;
        }
        Output::Table => {
            let titles = S::ABOUT.columns.iter().map(|column| column.title.to_owned()).collect();
            let cells = rows.map(|row| row.cells.into_iter().map(|cell| cell.text).collect());
            aligned(&mut out, &[titles].into_iter().chain(cells).collect::<Vec<Vec<String>>>())?;
        }
    }
    Ok(())
}

fn narrows<S: Subject>(only: &[String]) -> Result<Narrows, ScriptError> {
    let known = S::ABOUT.narrows;
    let names = || known.iter().map(|narrow| narrow.name).collect::<Vec<_>>().join(", ");
    only.iter().try_fold(Narrows::default(), |narrows, one| {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let found = known.iter().find(|narrow| narrow.name == name && !value.is_empty());
        let wrong = || ScriptError::Refused(format!("--only takes NAME=VALUE, with a name of: {}", names()));
        Ok(narrows.with(found.ok_or_else(wrong)?.name, value))
    })
}
