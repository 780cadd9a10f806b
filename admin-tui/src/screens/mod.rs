//! The screens, one file each. A screen holds what it shows, says which keys it takes, and asks for what it lacks; it
//! never waits.

mod tenants;

pub use tenants::Tenants;

use crate::{
    asks::{Answer, Ask},
    keys::{Binding, Command},
    popups::Popup,
    table::Table,
    theme::Theme,
};
use chrono::{DateTime, Utc};
use ratatui::{buffer::Buffer, layout::Rect};

/// What a screen wants done.
#[derive(Debug)]
pub enum Wish {
    Ask(Ask),
    Open(Box<Popup>),
}

/// When and how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub theme: Theme,
    pub now: DateTime<Utc>,
}

/// What the app knows of a screen.
pub trait Screen {
    /// As its tab and its command in the palette are called.
    fn name(&self) -> &'static str;

    /// Its keys beside those of every list.
    fn bindings(&self) -> &'static [Binding];

    fn table(&mut self) -> &mut Table;

    /// What it needs to show what is there now.
    fn reload(&mut self) -> Vec<Wish>;

    /// One of its own keys, or `Open`.
    fn act(&mut self, command: Command, now: DateTime<Utc>) -> Vec<Wish>;

    fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Wish>;

    fn draw(&mut self, area: Rect, buffer: &mut Buffer, look: Look);

    /// Where the lines of the list were drawn last, for the mouse.
    fn list_area(&self) -> Rect;
}
