//! The line above, which says where one is and whether that can hurt, and the line below, which says what can be done.

use super::{App, Typing};
use crate::{popups::with_cursor, text::fit, theme::Tone};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
    text::{Line, Span},
    widgets::Widget,
};

const HINTS: &str = "? keys · / filter · : command · q quit";

impl App {
    pub(super) fn draw_head(&self, area: Rect, buffer: &mut Buffer) {
        let mut spans = vec![self.badge(), Span::raw(" ")];
        if self.profile.readonly {
            spans.push(Span::styled("[read-only] ", self.theme.tone(Tone::Warning)));
        }
        for (at, screen) in self.screens.iter().enumerate() {
            let style = if at == self.at { self.theme.heading() } else { self.theme.tone(Tone::Quiet) };
            spans.push(Span::styled(format!(" {} ", screen.name()), style));
        }
        Line::from(spans).render(area, buffer);
        Line::styled(format!("{} UTC ", self.now.format("%H:%M:%S")), self.theme.tone(Tone::Quiet))
            .right_aligned()
            .render(area, buffer);
    }

    /// The environment's name, in its colour where colours are wanted.
    fn badge(&self) -> Span<'static> {
        let colour = self.profile.colour.parse::<Color>().ok();
        let style = match colour.filter(|_| self.theme != crate::theme::Theme::Plain) {
            Some(colour) => Style::new().bg(colour).fg(Color::Black),
            None => self.theme.cursor(),
        };
        Span::styled(format!(" {} ", fit(&crate::text::clean(&self.profile.name), 20)), style)
    }

    pub(super) fn draw_foot(&mut self, area: Rect, buffer: &mut Buffer) {
        let filter = self.screen().table().filter_text().to_owned();
        let line = match (&self.typing, &self.message) {
            (Some(Typing::Filter(input)), _) => typed("/", input),
            (Some(Typing::Palette(input)), _) => {
                let mut spans = typed(":", input);
                spans.push(Span::styled(self.completion_of(&input.text()), self.theme.tone(Tone::Quiet)));
                spans
            }
            (None, Some((tone, said))) => {
                let said = fit(&format!("{}{}", tone.sign(), crate::text::clean(said)), area.width.into());
                vec![Span::styled(said, self.theme.tone(*tone))]
            }
            (None, None) if !filter.is_empty() => {
                vec![Span::raw(format!("/{filter}  ")), self.quiet("Esc takes it away")]
            }
            (None, None) => vec![self.quiet(HINTS)],
        };
        Line::from(line).render(area, buffer);
    }

    fn quiet(&self, text: &'static str) -> Span<'static> {
        Span::styled(text, self.theme.tone(Tone::Quiet))
    }
}

fn typed(sign: &'static str, input: &crate::input::Input) -> Vec<Span<'static>> {
    let (text, before) = input.shown();
    [vec![Span::raw(sign)], with_cursor(&text, before)].concat()
}
