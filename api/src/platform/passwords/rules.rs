//! Which new passwords are refused: too short, too long, or among the first that anybody tries.

use crate::platform::http::Invalid;
use std::{collections::HashSet, sync::LazyLock};

/// Lengths in characters (NIST SP 800-63B asks for at least 8, and for room for long phrases).
const LENGTH: std::ops::RangeInclusive<usize> = 10..=128;

/// Names shorter than this are part of too many words to be looked for in a password.
const TELLING_NAME: usize = 3;

/// What remains of a password beside a word that everybody would try has to be so long.
const BESIDE_A_WORD: usize = 8;

/// Words shorter than this are part of too many others.
const TELLING_WORD: usize = 4;

const PRODUCT: &str = "countinghouse";

/// Lower case, one a line; where they come from says `common-passwords.LICENSE`.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common-passwords.txt").lines().collect());

/// Refuses a new password that breaks a rule. `about` is whatever else an attacker would try for
/// this user: the client's slug and name.
pub fn check_new(invalid: &mut Invalid, pointer: &str, password: &str, username: &str, about: &[&str]) {
    if !LENGTH.contains(&password.chars().count()) {
        invalid.add(pointer, "password_length", "10 to 128 characters.");
    } else if username.chars().count() >= TELLING_NAME && password.to_lowercase().contains(&username.to_lowercase()) {
        invalid.add(pointer, "password_contains_name", "The password may not contain the user name.");
    } else if is_common(password) {
        invalid.add(pointer, "password_common", "This is among the first that anybody tries.");
    } else if about.iter().chain(&[PRODUCT]).any(|word| is_little_more_than(password, word)) {
        invalid.add(pointer, "password_common", "This is little more than a name that everybody knows.");
    }
}

/// On the list as it is, or a word of the list that is dressed up (`P@ssw0rd2024!`) or said twice;
/// or hardly any different characters.
fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let different: HashSet<char> = lower.chars().collect();
    if different.len() < 5 {
        return true;
    }
    let stem = lower.trim_matches(|c: char| !c.is_alphabetic());
    let plain: String = stem.chars().map(undressed).collect();
    let most = |word: &str| word.chars().count() * 2 >= password.chars().count();
    let words = [stem, &plain].into_iter().filter(|word| most(word));
    words.chain([lower.as_str()]).any(|word| COMMON.contains(word) || COMMON.contains(said_once(word)))
}

/// The half of a word that is said twice; else the word.
fn said_once(word: &str) -> &str {
    match word.split_at_checked(word.len() / 2) {
        Some((first, second)) if first == second => first,
        _ => word,
    }
}

/// The letter that a digit or sign is often written for.
fn undressed(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Holds the word, and not enough beside it. Signs between letters do not count.
fn is_little_more_than(password: &str, word: &str) -> bool {
    let letters =
        |text: &str| -> String { text.to_lowercase().chars().map(undressed).filter(|c| c.is_alphanumeric()).collect() };
    let (password, word) = (letters(password), letters(word));
    let (whole, part) = (password.chars().count(), word.chars().count());
    part >= TELLING_WORD && password.contains(&word) && whole - part < BESIDE_A_WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        let mut invalid = Invalid::default();
        check_new(&mut invalid, "/password", password, "olga", &["north-store", "Nördliche Läden GmbH"]);
        let text = format!("{:?}", invalid.finish().err()?);
        ["password_length", "password_contains_name", "password_common"]
            .into_iter()
            .find(|code| text.contains(code))
            .map(str::to_owned)
    }

    #[test]
    fn what_anybody_tries_first_is_refused() {
        for password in [
            "1234567890",
            "qwertyuiop",
            "QWERTYUIOP",
            "password123456",
            "P@ssw0rd2024!",
            "pa$$w0rd99",
            "passwordpassword",
            "Sunshine1987",
            "!!dragon!!",
            "aaaaaaaaaaaaaaa",
            "1212121212",
            "countinghouse",
            "Counting-House 1",
            "c0untingh0use!",
            "northstore2024",
            "North-Store!!",
            "nördlicheLädenGmbH7",
        ] {
            assert_eq!(refused(password).as_deref(), Some("password_common"), "{password}");
        }
        assert_eq!(refused("xOLGAx12345").as_deref(), Some("password_contains_name"));
        assert_eq!(refused("short").as_deref(), Some("password_length"));
        assert_eq!(refused(&"äbcdefgh".repeat(17)).as_deref(), Some("password_length"));
    }

    #[test]
    fn what_is_long_or_odd_enough_is_not() {
        for password in [
            "correct horse battery",
            "twelve wise monkeys",
            "kim83927415",
            "8374619205",
            "Xq7-vR2_mLz9",
            "north of the store lies a lake",
            "my countinghouse is full of gold",
            "пароль для бухгалтерии",
        ] {
            assert_eq!(refused(password), None, "{password}");
        }
    }

    #[test]
    fn the_list_is_whole_and_in_its_form() {
        assert!(COMMON.len() > 15_000, "{}", COMMON.len());
        assert!(COMMON.iter().all(|word| word.chars().count() >= 5 && *word == word.to_lowercase()));
    }
}
