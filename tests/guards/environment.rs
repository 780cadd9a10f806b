//! The configuration: `deployment/environment.md` is what the structs of `config.rs` say, with the defaults that
//! the service reads by. After a change of these, `WRITE=1` in front of this test writes it anew.

use countinghouse_api::config;
use std::{collections::BTreeMap, fs};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deployment/environment.md");
const CONFIG: &str = include_str!("../../api/src/config.rs");
const TELEMETRY: &str = include_str!("../../api/src/platform/telemetry.rs");

const INTRODUCTION: &str = "# Configuration

Made of `api/src/config.rs`, and compared with it by `tests/guards/environment.rs`: change it there.

Every command reads its configuration from the environment, once, at its start, and names everything that is
wrong with it at once. `migrate` and `verify books` need `DATABASE_URL_OWNER` alone, `verify audit` that and
`MASTER_KEYS`, `ready` `LISTEN`; the others need what is required below.

`python3 -c 'import secrets; print(\"k1:\" + secrets.token_urlsafe(32))'` makes a key.
";

/// The doc comments of a source, each as one line, with the line below it.
fn comments(source: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut text = String::new();
    for line in source.lines().map(str::trim) {
        match line.strip_prefix("///") {
            Some(more) => text.push_str(more),
            None if line.starts_with("#[") => {}
            None => found.push((std::mem::take(&mut text).trim().to_owned(), line)),
        }
    }
    found.into_iter().filter(|(text, _)| !text.is_empty()).collect()
}

/// The name and the text of a comment on a variable.
fn variable(comment: &str) -> Option<(&str, &str)> {
    let (name, text) = comment.strip_prefix('`')?.split_once("`: ")?;
    name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_').then_some((name, text))
}

/// What no struct holds.
const BESIDE: &str = "Beside these";

fn heading_of(title: &str) -> String {
    format!("\n## {title}\n\n| variable | default | |\n| --- | --- | --- |\n")
}

/// The page that the code stands for.
fn page() -> String {
    let mut defaults: BTreeMap<String, String> =
        config::variables().into_iter().map(|variable| (variable.name, variable.default)).collect();
    defaults.insert("DATABASE_URL_OWNER".to_owned(), "none".to_owned());
    defaults.insert("LOG".to_owned(), "`info`".to_owned());
    let mut page = INTRODUCTION.to_owned();
    let mut heading = String::new();
    for (comment, line) in comments(CONFIG).into_iter().chain(comments(TELEMETRY)) {
        if let Some((name, text)) = variable(&comment) {
            let default = defaults.remove(name).unwrap_or_else(|| panic!("{name} is not read, or stands there twice"));
            if line.starts_with("pub fn ") && !page.contains(BESIDE) {
                heading = heading_of(BESIDE);
            }
            page.push_str(&std::mem::take(&mut heading));
            page.push_str(&format!("| `{name}` | {default} | {text} |\n"));
        } else if line.starts_with("pub struct ") {
            let title = comment.split_once(". ").map_or(comment.as_str(), |(first, _)| first);
            heading = heading_of(title.trim_end_matches('.'));
        }
    }
    assert!(defaults.is_empty(), "nothing says what these are for: {defaults:?}");
    page
}

#[test]
fn the_page_on_the_configuration_says_what_the_code_does() {
    let page = page();
    if std::env::var_os("WRITE").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let found = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == page, "run it with WRITE=1, and look at what has changed in deployment/environment.md");
}
