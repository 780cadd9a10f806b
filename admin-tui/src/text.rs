//! Text that strangers wrote, made fit for a terminal: nothing in it moves the cursor, changes a colour or hides what
//! stands beside it, and its width is what it takes on the screen.

use chrono::{DateTime, Utc};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const ESCAPE: char = '\u{1b}';
const CUT: &str = "…";

/// Without control characters, escape sequences and what turns the direction of writing; line breaks and tabs are
/// blanks.
pub fn clean(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\r' | '\t' => kept.push(' '),
            ESCAPE => skip_sequence(&mut rest),
            // The same in one character (C1).
            '\u{9b}' => skip_until(&mut rest, |c| ('@'..='~').contains(&c)),
            '\u{90}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            _ if character.is_control() || turns(character) => {}
            _ => kept.push(character),
        }
    }
    kept
}

/// Of ECMA-48: what follows an escape belongs to it, up to its last character.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_until(rest, |c| ('@'..='~').contains(&c));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        Some(' '..='/') => skip_until(rest, |c| ('0'..='~').contains(&c)),
        Some(_) => drop(rest.next()),
        None => {}
    }
}

/// Up to BEL, or ST in either form.
fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(character) = rest.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            ESCAPE => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

fn skip_until(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, is_last: impl Fn(char) -> bool) {
    for character in rest.by_ref() {
        if is_last(character) {
            return;
        }
    }
}

/// Marks that write what follows from right to left, or isolate it, and those that can not be seen.
fn turns(character: char) -> bool {
    matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// How many cells it takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cut to so many cells, with a sign that it was; never through a character.
pub fn fit(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let Some(room) = cells.checked_sub(width(CUT)) else { return String::new() };
    let mut taken = 0;
    let whole = text.graphemes(true).take_while(|grapheme| {
        taken += width(grapheme);
        taken <= room
    });
    whole.chain([CUT]).collect()
}

/// In lines of so many cells, broken between words, or where they are full.
pub fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for grapheme in text.graphemes(true) {
        if width(&line) + width(grapheme) > cells && !line.is_empty() {
            if grapheme == " " && !line.trim().is_empty() {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            // What stands before a line's first word is its indent, and no end of one.
            let rest = match line.rsplit_once(' ') {
                Some((before, rest)) if !before.trim().is_empty() => Some((before.to_owned(), rest.to_owned())),
                _ => None,
            };
            let (full, rest) = rest.unwrap_or_else(|| (std::mem::take(&mut line), String::new()));
            lines.push(full);
            line = rest;
        }
        line.push_str(grapheme);
    }
    lines.push(line);
    lines
}

/// So many of these.
pub fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// So many bytes, with one digit behind the point, cut.
pub fn size(bytes: i64) -> String {
    if bytes < 1024 {
        return counted(bytes, "byte");
    }
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, "KiB");
    for larger in ["MiB", "GiB", "TiB"] {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, larger);
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A name of the contract as a word: `in_progress` is "in progress".
pub fn word(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().replace('_', " ")
}

/// A time where there is little room.
pub fn brief(at: DateTime<Utc>) -> String {
    at.format("%m-%d %H:%M:%S").to_string()
}

/// A time with how long ago it is.
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let told = at.format("%F %T UTC");
    if at > now {
        format!("{told} (in {})", crate::panel::age(at - now))
    } else {
        format!("{told} ({} ago)", crate::panel::age(now - at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_left() {
        for (text, kept) in [
            ("plain, ünïcode, 日本", "plain, ünïcode, 日本"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}P1$r0m\u{1b}\\x", "x"),
            ("\u{1b}(0lqk", "lqk"),
            ("\u{9b}2Jx\u{9d}0;t\u{9c}y", "xy"),
            ("a\u{8}\u{0}\u{7f}b", "ab"),
            ("one\r\ntwo\tthree", "one  two three"),
            ("abc\u{202e}fed\u{2066}\u{200b}", "abcfed"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("\u{1b}]never ends", ""),
        ] {
            assert_eq!(clean(text), kept, "{text:?}");
        }
    }

    #[test]
    fn text_is_cut_by_cells_and_between_characters() {
        for (text, cells, cut) in [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("👩‍👩‍👧 family", 4, "👩‍👩‍👧 …"),
            ("x", 0, ""),
            ("xy", 1, "…"),
        ] {
            assert_eq!(fit(text, cells), cut, "{text:?} in {cells}");
            assert!(width(&fit(text, cells)) <= cells);
        }
    }

    #[test]
    fn bytes_are_said_in_the_unit_that_fits() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1535, "1.4 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1_048_576, "1.0 MiB"),
            (5_368_709_120, "5.0 GiB"),
            (10_995_116_277_760, "10.0 TiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn long_text_goes_on_in_the_next_line() {
        assert_eq!(wrapped("abcdefg", 3), ["abc", "def", "g"]);
        assert_eq!(wrapped("日本語", 5), ["日本", "語"]);
        assert_eq!(wrapped("日", 1), ["日"], "what never fits is not left out");
        assert_eq!(wrapped("", 3), [""]);
        assert_eq!(wrapped("it is asked for anew", 9), ["it is", "asked for", "anew"]);
        assert_eq!(wrapped("   abcdef", 6), ["   abc", "def"], "an indent is no word");
    }
}
