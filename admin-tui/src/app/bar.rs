//! The line above, which says where one is and whether that can hurt, and the line below, which says what can be done.

use super::{App, Typing};
use crate::{
    panel::age,
    popups::with_cursor,
    text::{fit, width},
    theme::Tone,
};
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
        let clock = self.clock();
        let taken: usize = spans.iter().map(|span| width(&span.content)).sum::<usize>() + width(&clock.0);
        spans.extend(self.tabs(usize::from(area.width).saturating_sub(taken)));
        Line::from(spans).render(area, buffer);
        Line::styled(clock.0, self.theme.tone(clock.1)).right_aligned().render(area, buffer);
    }

    /// The names of screens: all, or as many around this one as there is room for.
    fn tabs(&self, room: usize) -> Vec<Span<'static>> {
        let abouts = self.screens.iter().map(|screen| screen.about()).enumerate();
        let tabs: Vec<_> = abouts.filter(|(at, about)| about.is_in_bar || *at == self.at).collect();
        let here = tabs.iter().position(|(at, _)| *at == self.at).unwrap_or_default();
        let wide = |from: usize, to: usize| -> usize {
            tabs.iter().take(to + 1).skip(from).map(|(_, about)| width(about.name) + 2).sum()
        };
        let (mut from, mut to) = (here, here);
        // A sign on each side says that there are more.
        loop {
            let last = tabs.len().saturating_sub(1);
            let signs = usize::from(from > 0) + usize::from(to < last);
            if to < last && wide(from, to + 1) + signs <= room {
                to += 1;
            } else if from > 0 && wide(from - 1, to) + signs <= room {
                from -= 1;
            } else {
                break;
            }
        }
        let mut spans = Vec::new();
        spans.extend((from > 0).then(|| self.quiet("‹")));
        for (at, about) in tabs.iter().take(to + 1).skip(from) {
            let style = if *at == self.at { self.theme.cursor() } else { self.theme.tone(Tone::Quiet) };
            spans.push(Span::styled(format!(" {} ", about.name), style));
        }
        spans.extend((to + 1 < tabs.len()).then(|| self.quiet("›")));
        spans
    }

    /// Whether changes are told as they happen, and the time.
    fn clock(&self) -> (String, Tone) {
        let time = self.now.format("%H:%M:%S UTC");
        match self.live {
            Ok(_) => (format!(" live {time} "), Tone::Quiet),
            Err(since) => {
                let tone = Tone::Warning;
                (format!(" {}not live {} · {time} ", tone.sign(), age(self.now - since)), tone)
            }
        }
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
                let (mut spans, text) = (typed(":", input), input.text());
                spans.push(Span::styled(self.completion_of(&text), self.theme.tone(Tone::Quiet)));
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
