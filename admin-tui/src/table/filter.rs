//! What rows have to match: words that stand in a cell, or whose letters do in their order, and how well they do;
//! `!` turns it round.

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

    /// How well each of its words matches some cell; nothing where one does not.
    pub fn score(&self, row: &Row) -> Option<u32> {
        let cells: Vec<_> = row.cells.iter().map(super::Cell::folded).collect();
        if self.inverse {
            let is_written = |word: &String| cells.iter().any(|cell| cell.contains(word.as_str()));
            return if self.words.iter().all(is_written) { None } else { Some(0) };
        }
        let best = |word: &String| cells.iter().filter_map(|cell| closeness(word, cell)).max();
        self.words.iter().map(best).sum()
    }
}

/// How closely a word stands in a text: whole, at its beginning, at that of a word, within one, or with others between
/// its letters, fewer before more.
fn closeness(word: &str, text: &str) -> Option<u32> {
    if let Some((before, after)) = text.split_once(word) {
        let begins_word = before.chars().next_back().is_none_or(|letter| !letter.is_alphanumeric());
        return Some(match (before.is_empty(), after.is_empty()) {
            (true, true) => 500,
            (true, false) => 400,
            _ if begins_word => 300,
            _ => 200,
        });
    }
    let (mut rest, mut between) = (text.chars(), 0_u32);
    for (at, letter) in word.chars().enumerate() {
        let skipped = u32::try_from(rest.by_ref().position(|other| other == letter)?).unwrap_or(u32::MAX);
        between = between.saturating_add(if at == 0 { 0 } else { skipped });
    }
    Some(100_u32.saturating_sub(between).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn takes(filter: &str, cells: &[&str]) -> bool {
        let cells = cells.iter().map(|text| Cell::text(*text)).collect();
        Filter::of(filter).score(&Row { key: String::new(), cells }).is_some()
    }

    #[test]
    fn what_matches_better_scores_higher() {
        let texts = ["lamp", "lamps north", "north lamps", "streetlamps", "l-a-m-p", "long and many pages"];
        let scores: Vec<Option<u32>> = texts.iter().map(|text| closeness("lamp", text)).collect();
        assert!(scores.iter().all(Option::is_some), "{scores:?}");
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
        assert_eq!(closeness("lamp", "palm"), None);
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
