//! The superadmins' console: all clients of a service, in a terminal.
//!
//! A tour: `keys` is what each key does, and `app` what becomes of it, screen by screen (`screens`) and with what stands
//! before them (`popups`); `table` and `panel` are what screens are made of, `theme` and `text` how that looks. None of
//! these knows a network: they say what they want in `asks`, which `remote` asks of the service, in a session that
//! `login` begins and `tokens` keeps, and are told by `live` what changes meanwhile. `terminal` joins the two; `scripts`
//! is the same without screens.

mod app;
mod asks;
mod diff;
mod input;
mod keys;
mod live;
mod login;
mod narrows;
mod panel;
mod popups;
mod profile;
mod remote;
mod screens;
mod scripts;
mod table;
mod terminal;
mod text;
mod theme;
mod tokens;

use clap::{Parser, Subcommand, ValueEnum};
use countinghouse_client::Client;
use profile::Profile;
use remote::Remote;
use scripts::List;
use std::{error::Error, process::ExitCode};
use theme::Theme;
use tokens::Tokens;
use tokio::task::LocalSet;

/// The superadmins' console of Countinghouse.
///
/// Without a command it opens its screens; ? shows the keys there. It logs in with name, password and one-time code,
/// which are typed, and stays logged in: its tokens are kept in $XDG_STATE_HOME/countinghouse-admin (or
/// ~/.local/state), where only you can read them.
///
/// Services stand in $XDG_CONFIG_HOME/countinghouse-admin/profiles.toml (or ~/.config):
///
///     default = "production"
///
///     [profiles.production]
///     url = "https://books.example.com"
///     username = "ada"
///     colour = "red"
///     readonly = true
#[derive(Parser)]
#[command(name = "countinghouse-admin", version, verbatim_doc_comment)]
struct Arguments {
    /// The profile, by its name; by default the file's `default`, or the only one
    #[arg(long, global = true)]
    profile: Option<String>,
    /// Where the service is, in place of the profile's
    #[arg(long, global = true, env = "COUNTINGHOUSE_URL")]
    url: Option<String>,
    /// Changes nothing, whatever is pressed
    #[arg(long, global = true)]
    readonly: bool,
    /// Colours for a light terminal; NO_COLOR in the environment takes them all away
    #[arg(long, global = true)]
    light: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Logs in, and keeps the session for other commands
    Login,
    /// Ends the session
    Logout,
    /// Lists all clients
    Tenants {
        #[arg(long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    #[command(flatten)]
    List(List),
}

/// How a list is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Table,
    Json,
    Csv,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // All on one thread: what is asked of the service beside the screens waits most of the time.
    match LocalSet::new().run_until(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            scripts::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut profile = Profile::find(&profile::folder()?, arguments.profile.as_deref(), arguments.url.as_deref())?;
    profile.readonly |= arguments.readonly;
    let client = Client::new(&profile.url)?;
    let tokens = Tokens::of(&profile::state_folder()?, &profile);
    match arguments.command {
        Some(Command::Login) => drop(login::log_in(&client, &profile, &tokens).await?),
        Some(Command::Logout) => scripts::log_out(&client, &tokens).await?,
        Some(Command::Tenants { output }) => {
            let remote = session(client, &profile, tokens).await?;
            scripts::tenants(&remote, output).await?;
        }
        Some(Command::List(which)) => scripts::list(&which, &session(client, &profile, tokens).await?).await?,
        None => {
            let no_color = std::env::var("NO_COLOR").ok();
            let theme = Theme::chosen(no_color.as_deref(), arguments.light || profile.light);
            let remote = session(client, &profile, tokens).await?;
            terminal::run(app::App::new(profile, theme, terminal::now()), remote).await?;
        }
    }
    Ok(())
}

/// The session of before, if it is good still, or a new one.
async fn session(client: Client, profile: &Profile, tokens: Tokens) -> Result<Remote, Box<dyn Error>> {
    if let Some(session) = tokens.session(&client) {
        let remote = Remote::new(client.clone(), tokens.clone(), session);
        if scripts::is_logged_in(&remote).await? {
            return Ok(remote);
        }
    }
    let session = login::log_in(&client, profile, &tokens).await?;
    Ok(Remote::new(client, tokens, session))
}
