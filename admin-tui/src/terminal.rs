//! The terminal's side: takes it over and gives it back whatever happens, reads its events, draws, and has done what
//! the app wants done.

use crate::{
    app::{App, Effect},
    asks::Answer,
    live::{self, Heard},
    remote::Remote,
    theme::Tone,
};
use chrono::{DateTime, Utc};
use crossterm::{
    clipboard::CopyToClipboard,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, EventStream},
    execute,
};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;
use std::{fs::OpenOptions, io, io::Write, os::unix::fs::OpenOptionsExt, time::Duration};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{MissedTickBehavior, interval},
};

/// How long it takes at most until what is due is asked for.
const STEP: Duration = Duration::from_millis(250);
/// So many changes are drawn together.
const AT_ONCE: usize = 1_000;

/// The machine's clock, which nothing else here reads.
#[expect(clippy::disallowed_methods, reason = "the console shows how old things are, and decides nothing by it")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Runs until somebody quits.
pub async fn run(mut app: App, remote: Remote) -> io::Result<()> {
    let mut terminal = enter()?;
    let ended = watch(&mut terminal, &mut app, &remote).await;
    leave();
    ended
}

/// From here on a panic gives the terminal back before it is told of.
fn enter() -> io::Result<DefaultTerminal> {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave();
        before(info);
    }));
    let terminal = ratatui::try_init()?;
    execute!(io::stdout(), EnableMouseCapture, EnableBracketedPaste)?;
    Ok(terminal)
}

fn leave() {
    // What cannot be given back can not be told of either.
    let _ = execute!(io::stdout(), DisableBracketedPaste, DisableMouseCapture);
    ratatui::restore();
}

async fn watch(terminal: &mut DefaultTerminal, app: &mut App, remote: &Remote) -> io::Result<()> {
    let (answers, mut answered): (UnboundedSender<Answer>, UnboundedReceiver<Answer>) = unbounded_channel();
    let (tell, mut hears) = unbounded_channel();
    tokio::task::spawn_local(live::follow(remote.clone(), tell));
    let (mut events, mut clock) = (EventStream::new(), interval(STEP));
    let mut news = Vec::new();
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut effects = app.begin();
    loop {
        for effect in std::mem::take(&mut effects) {
            if !done(effect, app, remote, &answers)? {
                return Ok(());
            }
        }
        terminal.draw(|frame| app.draw(frame))?;
        effects = tokio::select! {
            event = events.next() => match event {
                Some(event) => taken(event?, app),
                None => return Ok(()),
            },
            Some(answer) = answered.recv() => app.answered(&answer, now()),
            1.. = hears.recv_many(&mut news, AT_ONCE) => told(app, news.drain(..)),
            _ = clock.tick() => app.tick(now()),
        };
    }
}

/// All that has come, before anything is drawn of it.
fn told(app: &mut App, news: impl Iterator<Item = Heard>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for heard in news {
        app.heard(&heard, now());
        if let Heard::Event(event) = &heard {
            effects.extend(app.look_again(event));
        }
    }
    effects.extend(app.tick(now()));
    effects
}

fn taken(event: Event, app: &mut App) -> Vec<Effect> {
    match event {
        Event::Key(key) => app.key(&key),
        Event::Mouse(mouse) => app.mouse(mouse),
        Event::Paste(text) => {
            app.paste(&text);
            Vec::new()
        }
        // The next draw fits.
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => Vec::new(),
    }
}

/// Whether it goes on.
fn done(effect: Effect, app: &mut App, remote: &Remote, answers: &UnboundedSender<Answer>) -> io::Result<bool> {
    match effect {
        Effect::Ask(ask) => {
            let (remote, answers) = (remote.clone(), answers.clone());
            tokio::task::spawn_local(async move {
                // Nobody is there any more for an answer that comes after the end.
                let _ = answers.send(remote.answer(ask).await);
            });
        }
        Effect::Copy(text) => {
            execute!(io::stdout(), CopyToClipboard::to_clipboard_from(&text))?;
            app.say(Tone::Good, format!("Copied {}.", text.replace('\n', ", ")));
        }
        Effect::Write { name, text } => match write(&name, &text) {
            Ok(()) => app.say(Tone::Good, format!("Written to {name}.")),
            Err(error) => app.say(Tone::Bad, format!("{name} cannot be written: {error}.")),
        },
        Effect::Mouse(true) => execute!(io::stdout(), EnableMouseCapture)?,
        Effect::Mouse(false) => execute!(io::stdout(), DisableMouseCapture)?,
        Effect::Quit => return Ok(false),
    }
    Ok(true)
}

/// Never over a file that is there; for nobody else's eyes.
fn write(name: &str, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(name)?;
    file.write_all(text.as_bytes())
}
