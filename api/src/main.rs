//! The binary `countinghouse`: sub-commands around the library.

use actix_web::dev::{Server, ServerHandle};
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use countinghouse_api::{
    app::AppState,
    config::{self, Config},
    features::{images, superadmins, verify},
    jobs, mock_erp,
    platform::{
        audit,
        clock::SystemClock,
        db, health,
        jobs::{Stop, Worker},
        live::Live,
        telemetry, vault,
    },
    routes, server,
};
use mimalloc::MiMalloc;
use std::{
    future::Future,
    io::{Read, Write},
    mem::ManuallyDrop,
    net::TcpListener,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use zeroize::Zeroizing;

/// Requests are many small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The back office of companies that sell things.
///
/// Configuration comes from environment variables; see the README.
#[derive(Parser)]
#[command(name = "countinghouse", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer HTTP requests until SIGTERM or SIGINT; what was accepted is finished first.
    Serve(Serve),
    /// Do jobs until SIGTERM or SIGINT; what was begun is finished, or given back, first.
    Work,
    /// Ask the service at LISTEN whether it can work; fails when it cannot.
    Ready,
    /// Bring the database's schema up to what this binary needs (as DATABASE_URL_OWNER).
    Migrate,
    /// Prove that what has to agree does (as DATABASE_URL_OWNER, while the service runs).
    #[command(subcommand)]
    Verify(Verify),
    /// What the operator does on the service's own machine.
    #[command(subcommand)]
    Admin(Admin),
    /// Play an ERP, to try the connector on: in memory, with faults on demand, never for real orders.
    MockErp(mock_erp::Options),
}

#[derive(Subcommand)]
enum Verify {
    /// Journal, stock, orders and invoices, against each other; fails when something is broken.
    Books {
        /// Only the client with this slug.
        #[arg(long, value_name = "SLUG")]
        client: Option<String>,
    },
    /// The audit logs, against their seals (with MASTER_KEYS); fails when one was tampered with.
    Audit {
        /// Only the client with this slug.
        #[arg(long, value_name = "SLUG")]
        client: Option<String>,
        /// Compare with what this file remembers of the last time, and remember this time if all holds.
        #[arg(long, value_name = "FILE")]
        remember: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Admin {
    /// Make a superadmin; prints the secret of the second factor once.
    CreateSuperadmin(CreateSuperadmin),
    /// Wrap every data key by the first key of MASTER_KEYS, while the service runs.
    ///
    /// First put the new key behind the old one in MASTER_KEYS and restart every process, so that all
    /// know it; then put it in front and restart them again; then run this; then take the old key
    /// out. Stopped half-way, it can be run again.
    RotateKey,
}

#[derive(Args)]
struct Serve {
    /// Do jobs too, in the same process.
    #[arg(long)]
    with_worker: bool,
}

#[derive(Args)]
struct CreateSuperadmin {
    #[arg(long)]
    username: String,
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON object, for scripts.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start_logging();
    telemetry::log_panics();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(std::io::stderr(), "countinghouse: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => until_stopped(serve(&args)),
        Command::Work => until_stopped(work()),
        Command::Ready => ready(),
        Command::Migrate => migrate(),
        Command::Verify(Verify::Books { client }) => verify_books(client.as_deref()),
        Command::Verify(Verify::Audit { client, remember }) => verify_audit(client.as_deref(), remember.as_deref()),
        Command::Admin(Admin::CreateSuperadmin(args)) => actix_web::rt::System::new().block_on(create_superadmin(args)),
        Command::MockErp(options) => until_stopped(play_erp(options)),
        Command::Admin(Admin::RotateKey) => actix_web::rt::System::new().block_on(rotate_key()),
    }
}

/// Does not wait for threads that still hang in a transaction: the end of the process ends it, and nothing
/// of it stays.
fn until_stopped(service: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    ManuallyDrop::new(actix_web::rt::System::new()).block_on(service)
}

async fn serve(args: &Serve) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let listen = config.http.listen;
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let state = AppState::build(&config).await?;
    let worker = if args.with_worker { Some(worker(&state, &config)?) } else { None };
    serve_metrics(&state, &config)?;
    let live = state.live.clone();
    let running = server::serve(state, routes::table(), listener, &config.http)?;
    tracing::info!(address = %address, "listening");
    let handle = running.handle();
    let mut told = told_to_stop()?;
    let (working, stop) = worker.map(|(working, stop)| (tokio::spawn(working), stop)).unzip();
    let (stopping, streams) = (handle.clone(), live.clone());
    actix_web::rt::spawn(async move {
        told.recv().await;
        tracing::info!("stopping: finishing what was accepted");
        stop.inspect(Stop::stop);
        streams.close();
        stopping.stop(true).await;
    });
    match working {
        Some(working) => both(running, working, handle, live).await?,
        None => running.await?,
    }
    tracing::info!("stopped");
    Ok(())
}

/// Requests and jobs, until both have ended. Without its worker a process is of no use, and looks as if it
/// were: where it fails, the requests that were accepted are finished, and the process ends, for whoever
/// looks after it to start another.
async fn both(running: Server, mut working: JoinHandle<()>, handle: ServerHandle, live: Live) -> anyhow::Result<()> {
    tokio::pin!(running);
    tokio::select! {
        served = &mut running => {
            served?;
            working.await?;
        }
        worked = &mut working => {
            if worked.is_err() {
                tracing::error!("the worker failed: stopping");
                live.close();
                let (served, ()) = tokio::join!(running, handle.stop(true));
                served?;
            } else {
                running.await?;
            }
            worked?;
        }
    }
    Ok(())
}

async fn work() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let state = AppState::build(&config).await?;
    state.pictures.begin_loading();
    let (working, stop) = worker(&state, &config)?;
    serve_metrics(&state, &config)?;
    let mut told = told_to_stop()?;
    tracing::info!("working");
    actix_web::rt::spawn(async move {
        told.recv().await;
        tracing::info!("stopping: finishing what was begun");
        stop.stop();
    });
    working.await;
    tracing::info!("stopped");
    Ok(())
}

/// Where the operator asked for it.
fn serve_metrics(state: &AppState, config: &Config) -> anyhow::Result<()> {
    let Some(listen) = config.metrics else { return Ok(()) };
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen} for metrics"))?;
    tracing::info!(address = %listener.local_addr()?, "metrics");
    actix_web::rt::spawn(server::serve_metrics(state.clone(), listener)?);
    Ok(())
}

/// All that a worker does, until it is told to stop.
fn worker(state: &AppState, config: &Config) -> anyhow::Result<(impl Future<Output = ()> + Send + use<>, Stop)> {
    let (worker, stop) = Worker::new(state.clone(), jobs::handlers()?, config.worker)?;
    let planting = audit::keep_planting(state.db.worker_lane()?, state.db.waker().clone());
    let planting_images = images::keep_planting(state.db.worker_lane()?, state.clone());
    let packing = images::keep_packing(state.db.worker_lane()?);
    let working = async {
        tokio::select! { () = worker.work() => {}, () = planting => {}, () = planting_images => {}, () = packing => {} }
    };
    Ok((working, stop))
}

async fn play_erp(options: mock_erp::Options) -> anyhow::Result<()> {
    let listen = options.listen;
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tracing::warn!("this is a mock ERP: it forgets all orders when it ends, and has no place in production");
    if !address.ip().is_loopback() {
        tracing::warn!("others than this machine can read what it receives");
    }
    let running = mock_erp::serve(options, Arc::new(SystemClock), listener)?;
    // Before it says where it listens: whoever reads that may stop it at once.
    let (stopping, mut told) = (running.handle(), told_to_stop()?);
    tracing::info!(address = %address, "listening");
    actix_web::rt::spawn(async move {
        told.recv().await;
        stopping.stop(true).await;
    });
    running.await?;
    tracing::info!("stopped");
    Ok(())
}

/// A message when SIGTERM or SIGINT came.
fn told_to_stop() -> anyhow::Result<tokio::sync::mpsc::Receiver<()>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (say, told) = tokio::sync::mpsc::channel(1);
    actix_web::rt::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        let _nobody_waits = say.send(()).await;
    });
    Ok(told)
}

fn ready() -> anyhow::Result<()> {
    let answer = health::ask(config::listen()?).context("it does not answer")?;
    writeln!(std::io::stdout(), "{}", answer.body)?;
    anyhow::ensure!(answer.is_ready, "it answers that it cannot work");
    Ok(())
}

fn migrate() -> anyhow::Result<()> {
    let applied = db::migrate(config::owner_url()?.expose())?;
    let mut out = std::io::stdout();
    for name in &applied {
        writeln!(out, "applied {name}")?;
    }
    writeln!(out, "the schema is up to date ({} applied)", applied.len())?;
    Ok(())
}

fn owner() -> anyhow::Result<db::Owner> {
    Ok(db::Owner::connect(config::owner_url()?.expose())?)
}

fn verify_books(client: Option<&str>) -> anyhow::Result<()> {
    let report = verify::books(&mut owner()?, client)?.context("there is no such client")?;
    writeln!(std::io::stdout(), "{report}")?;
    anyhow::ensure!(report.holds(), "what has to agree does not: see the table");
    Ok(())
}

fn verify_audit(client: Option<&str>, remember: Option<&Path>) -> anyhow::Result<()> {
    let report = verify::audit(&mut owner()?, config::master_keys()?, client, remember)?;
    writeln!(std::io::stdout(), "{report}")?;
    anyhow::ensure!(report.holds(), "an audit log was tampered with: see the table");
    Ok(())
}

async fn create_superadmin(args: CreateSuperadmin) -> anyhow::Result<()> {
    let state = AppState::build(&Config::from_env()?).await?;
    let given = if args.password_stdin { Some(password_from_stdin()?) } else { None };
    let made = superadmins::create(&state, args.username, given).await?;
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&made)?)?;
    } else {
        writeln!(out, "superadmin  {}", made.username)?;
        if let Some(password) = &made.password {
            writeln!(out, "password    {password}")?;
        }
        writeln!(out, "totp secret {}\ntotp url    {}", made.totp_secret, made.otpauth_url)?;
        writeln!(out, "None of these is shown again.")?;
    }
    Ok(())
}

async fn rotate_key() -> anyhow::Result<()> {
    let state = AppState::build(&Config::from_env()?).await?;
    let done = vault::rotate(&state.db, &state.vault).await?;
    let (name, count) = (done.master_key_id, done.rewrapped);
    writeln!(std::io::stdout(), "every data key is wrapped by {name} ({count} wrapped anew)")?;
    Ok(())
}

fn password_from_stdin() -> anyhow::Result<String> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().take(4096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
