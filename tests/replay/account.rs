//! The client of the service that plays the store: made when it is missing, its login kept beside
//! demo.json.

use anyhow::{Context, Result, bail, ensure};
use countinghouse_client::{Client, Session, SuperadminSession};
use countinghouse_contract::{
    Currency,
    admin::{NewClient, NewOwner, NewTenant},
    auth::{Login, SuperadminLogin},
};
use serde::Deserialize;
use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime},
};
use totp_rs::{Builder, Secret, Totp};

/// `.dev/demo.json`.
#[derive(Deserialize)]
pub struct Demo {
    pub base_url: String,
    superadmin: Superadmin,
    client: Login,
}

#[derive(Deserialize)]
struct Superadmin {
    username: String,
    password: String,
    totp_secret: String,
}

/// A session of the client `slug`, in a currency with two decimal places as the store's has.
pub async fn open(client: &Client, demo: &Demo, folder: &Path, slug: &str) -> Result<Session> {
    let session = if slug == demo.client.client_id {
        client.login(demo.client.clone()).await.with_context(|| format!("logging in as `{slug}`"))?
    } else {
        log_in(client, demo, folder, slug).await?
    };
    let currency = session.me().await?.client.currency;
    let digits = Currency::from_code(&currency).map(Currency::digits);
    ensure!(digits == Some(2), "the client `{slug}` counts in {currency}, and the store's prices are in cents");
    Ok(session)
}

/// Logs in with the login kept from last time or a new one. If it is not right, the client is not
/// there yet: this is the first run, or the data was deleted meanwhile.
async fn log_in(client: &Client, demo: &Demo, folder: &Path, slug: &str) -> Result<Session> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    ensure!(slug.chars().all(plain), "`{slug}` is no client's slug: those are of a-z, 0-9, - and _");
    let file = folder.join(format!("{slug}.json"));
    let login = match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("{} holds no login", file.display()))?,
        Err(_) => keep_new_login(&file, slug)?,
    };
    match client.login(login.clone()).await {
        Err(error) if error.code() == Some("invalid_credentials") => {}
        answer => return answer.with_context(|| format!("logging in as `{slug}`")),
    }
    eprintln!("Making the client {slug}");
    let new = NewTenant {
        client: NewClient {
            slug: slug.to_owned(),
            name: "Chinook".to_owned(),
            currency: Currency::from_code("USD").context("USD is a currency")?,
            time_zone: None,
        },
        owner: NewOwner { username: login.username.clone(), password: login.password.clone(), email: None },
    };
    match log_in_superadmin(client, &demo.superadmin).await?.create_tenant(&new).await {
        Err(error) if error.code() == Some("slug_taken") => {
            bail!("there is a client `{slug}` already, but {} does not hold its login", file.display())
        }
        made => made.with_context(|| format!("making the client `{slug}`"))?,
    };
    client.login(login).await.with_context(|| format!("logging in as `{slug}`"))
}

/// Written down before it is used, for nobody else to read.
fn keep_new_login(file: &Path, slug: &str) -> Result<Login> {
    let login =
        Login { client_id: slug.to_owned(), username: "owner".to_owned(), password: new_password()?, totp_code: None };
    let cannot = || format!("{} cannot be written", file.display());
    let mut kept = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).with_context(cannot)?;
    kept.write_all(&serde_json::to_vec_pretty(&login)?).with_context(cannot)?;
    Ok(login)
}

/// 128 bits of the machine's randomness.
pub fn new_password() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes).context("/dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A one-time code works once, so the present one may be used up; then the next one will do. The
/// service does not say which part of a log-in was wrong.
async fn log_in_superadmin(client: &Client, superadmin: &Superadmin) -> Result<SuperadminSession> {
    let totp = totp(&superadmin.totp_secret)?;
    let login = || -> Result<SuperadminLogin> {
        Ok(SuperadminLogin {
            username: superadmin.username.clone(),
            password: superadmin.password.clone(),
            totp_code: totp.generate(now()?).to_string(),
        })
    };
    let mut answer = client.superadmin_login(&login()?).await;
    if answer.as_ref().is_err_and(|error| error.code() == Some("invalid_credentials")) {
        wait_for_next_code(&totp).await?;
        answer = client.superadmin_login(&login()?).await;
    }
    answer.context("logging the superadmin in")
}

/// The present code of an authenticator app with this secret.
pub fn code_of(secret: &str) -> Result<String> {
    Ok(totp(secret)?.generate(now()?).to_string())
}

fn totp(secret: &str) -> Result<Totp> {
    let secret = Secret::try_from_base32(secret).ok().context("the TOTP secret is not in base32")?;
    Ok(Builder::new().with_secret(secret).with_account_name("replay").build()?)
}

async fn wait_for_next_code(totp: &Totp) -> Result<()> {
    let now = now()?;
    let wait = totp.next_step(now).saturating_sub(now);
    eprintln!("The superadmin's one-time code seems to be used up; waiting {wait} s for the next one");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    Ok(())
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs())
}
