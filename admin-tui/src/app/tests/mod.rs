//! The console as somebody at its keys sees it, without a terminal and without a service.

mod failed;
mod live;
mod looks;
mod navigation;
mod samples;
mod tenants;

use super::*;
use crate::asks::{Answer, Deed, Outcome, Page, Query, Records};
use crate::{keys::Command, panel::Failure};
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use samples::now;
use std::path::Path;

/// The screens of the bar, in their order.
const BAR: [&str; 9] = ["overview", "syncs", "tenants", "queues", "jobs", "webhooks", "sessions", "log-ins", "audit"];

fn app() -> App {
    let mut profile = Profile::find(Path::new("/nowhere"), None, Some("http://127.0.0.1:8080")).unwrap();
    profile.name = "staging".to_owned();
    let mut app = App::new(profile, Theme::Plain, now());
    app.live = Ok(now());
    app
}

/// On this screen, which asks for what it needs.
fn at(name: &str) -> (App, Vec<Effect>) {
    let mut app = app();
    let effects = if name == BAR[0] { app.begin() } else { command(&mut app, name) };
    (app, effects)
}

/// On this screen, with what a service has of it.
fn loaded(name: &str) -> App {
    if name == "deliveries" {
        let mut app = loaded("webhooks");
        let effects = press(&mut app, KeyCode::Enter);
        answer(&mut app, &effects);
        return app;
    }
    let (mut app, effects) = at(name);
    answer(&mut app, &effects);
    app
}

/// Answers each question for a list with all there is.
fn answer(app: &mut App, effects: &[Effect]) {
    let query = query(effects);
    app.answered(&Answer::Page { cursor: None, page: Ok(samples::page(&query)), query }, now());
}

/// The list that is asked for.
fn query(effects: &[Effect]) -> Query {
    match effects {
        [.., Effect::Ask(Ask::Page { query, .. })] => query.clone(),
        other => panic!("no list is asked for: {other:?}"),
    }
}

fn fails(app: &mut App, effects: &[Effect], failure: Failure, at: DateTime<Utc>) {
    app.answered(&Answer::Page { query: query(effects), cursor: None, page: Err(failure) }, at);
}

fn command(app: &mut App, text: &str) -> Vec<Effect> {
    press(app, KeyCode::Char(':'));
    typed(app, text);
    press(app, KeyCode::Enter)
}

fn screen(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    terminal.backend().to_string()
}

/// With its colours.
fn look(app: &mut App) -> ratatui::buffer::Buffer {
    let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    terminal.backend().buffer().clone()
}

#[track_caller]
fn sees(app: &mut App, texts: &[&str]) {
    let seen = screen(app, 100, 30);
    for text in texts {
        assert!(seen.contains(text), "{text}: {seen}");
    }
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.key(&KeyEvent::new(code, KeyModifiers::NONE))
}

fn ctrl(app: &mut App, letter: char) -> Vec<Effect> {
    app.key(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
}

fn typed(app: &mut App, text: &str) {
    for letter in text.chars() {
        press(app, KeyCode::Char(letter));
    }
}

fn away() -> Failure {
    Failure::Away("it answers 503".to_owned())
}

/// One deed has led to this.
fn done(app: &mut App, deed: Deed, outcome: Result<Outcome, Failure>) {
    app.answered(&Answer::Done(vec![(deed, outcome)]), now());
}
