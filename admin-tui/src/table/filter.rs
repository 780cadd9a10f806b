//! What rows have to match: words that stand in a cell, or whose letters do in their order; `!` turns it round.

use super::Row;

/// What was typed behind `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Vec<String>,
    inverse: bool,
}

impl Filter {
    pub fn of(text: &str) -> Self {
        let (inverse, words) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        Self { text: text.to_owned(), inverse: inverse && !words.is_empty(), words }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Each word in some cell.
    pub fn takes(&self, row: &Row) -> bool {
        let found = self.words.iter().all(|word| {
            let is_in = |text: &str| if self.inverse { text.contains(word.as_str()) } else { is_spread(word, text) };
            row.cells.iter().any(|cell| is_in(&cell.text.to_lowercase()))
        });
        found != self.inverse
    }
}

/// Whether its letters stand in the text in their order, others between them.
fn is_spread(word: &str, text: &str) -> bool {
    let mut rest = text.chars();
    word.chars().all(|letter| rest.by_ref().any(|other| other == letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn takes(filter: &str, cells: &[&str]) -> bool {
        let cells = cells.iter().map(|text| Cell::text(*text)).collect();
        Filter::of(filter).takes(&Row { key: String::new(), cells })
    }

    #[test]
    fn words_are_found_in_any_cell_and_by_their_letters() {
        let acme = ["acme", "Acme Lamps Ltd", "suspended"];
        for (filter, taken) in [
            ("", true),
            ("lamp", true),
            ("LAMP", true),
            ("acme suspended", true),
            ("acme active", false),
            ("susp", true),
            ("alm", true),
            ("xyz", false),
            ("!lamp", false),
            ("!xyz", true),
            // The inverse leaves out what is written so, not what resembles it.
            ("!alm", true),
            ("!", true),
        ] {
            assert_eq!(takes(filter, &acme), taken, "{filter}");
        }
    }
}
