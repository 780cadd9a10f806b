//! Logging in, before the screens or between them: what is secret is typed, never given in arguments, and not shown.

use crate::{profile::Profile, tokens::Tokens};
use countinghouse_client::{Client, ClientError, SuperadminSession};
use countinghouse_contract::auth::SuperadminLogin;
use std::io::{self, BufRead, Write};

/// How often wrong answers are taken.
const TRIES: usize = 3;

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the terminal cannot be read: {0}")]
    Terminal(#[from] io::Error),
    #[error("{0}")]
    Service(#[from] ClientError),
}

/// Asks for name, password and code, and keeps what comes of it.
pub async fn log_in(client: &Client, profile: &Profile, tokens: &Tokens) -> Result<SuperadminSession, LoginError> {
    let mut out = io::stderr();
    writeln!(out, "Log in to {} ({})", profile.name, profile.url)?;
    for tried in 1.. {
        let username = match &profile.username {
            Some(username) => username.clone(),
            None => asked("Username: ")?,
        };
        let password = rpassword::prompt_password(format!("Password of {username}: "))?;
        let totp_code = rpassword::prompt_password("One-time code: ")?.trim().to_owned();
        match client.superadmin_login(&SuperadminLogin { username, password, totp_code }).await {
            Ok(session) => {
                tokens.keep(&session)?;
                return Ok(session);
            }
            Err(error) if error.code() == Some("invalid_credentials") && tried < TRIES => {
                writeln!(out, "That was wrong: name, password or code. A code is good once.")?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

fn asked(prompt: &str) -> io::Result<String> {
    let mut out = io::stderr();
    write!(out, "{prompt}")?;
    out.flush()?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim().to_owned())
}
