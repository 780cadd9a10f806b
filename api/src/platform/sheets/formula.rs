//! Formula injection: a text that begins like a formula is run by the spreadsheet that opens it.
//!
//! In CSV such a text gets an apostrophe in front, which spreadsheets take for "this is text". The same
//! apostrophe is taken away when a file is read, so that what was exported comes back as it was: a text has one
//! exactly when what follows would be taken for a formula.

use std::borrow::Cow;

const MARK: char = '\'';

/// What begins a formula; the wide ones count where the keyboard writes them.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet may take it for a formula. Apostrophes and blanks in front make no difference, so that
/// one more of them changes nothing.
pub fn taken_for_formula(text: &str) -> bool {
    let mut rest = text.chars();
    loop {
        match rest.next() {
            Some(c) if BEGINNINGS.contains(&c) => return true,
            Some(c) if c == MARK || c.is_whitespace() => {}
            _ => return false,
        }
    }
}

/// As it is written to a CSV file.
pub fn neutralised(text: &str) -> Cow<'_, str> {
    if taken_for_formula(text) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// As it was before it was [`neutralised`].
pub fn as_text(text: &str) -> &str {
    text.strip_prefix(MARK).filter(|rest| taken_for_formula(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_begins_like_a_formula_is_marked_and_nothing_else() {
        for text in ["=1+1", "+49 30", "-1", "@x", "\t=x", "\r", " =x", "'=x", "''-", "＝1", "\n=x"] {
            assert_eq!(neutralised(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "a=b", "'", "'s Hertogenbosch", "1-2", " x", "#REF!"] {
            assert_eq!(neutralised(text), text);
            assert_eq!(as_text(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_marked_comes_back(text in "['=+@ \ta-]{0,6}") {
            let marked = neutralised(&text);
            prop_assert_eq!(as_text(&marked), text.as_str());
            prop_assert!(!marked.starts_with(BEGINNINGS.as_slice()));
        }
    }
}
