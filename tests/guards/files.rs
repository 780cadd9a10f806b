//! Files: each opens with what it is for, none grows out of its room, none is a drawer, and only
//! repos know the schema.

use std::{fs, path::PathBuf};

const MAX_LINES: usize = 600;
const DRAWERS: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// Every Rust and Python file of the workspace with its text, `target` and what is hidden left out.
pub fn files() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") || name.ends_with(".py") {
                let relative = path.strip_prefix(&root).unwrap().display().to_string();
                files.push((relative, fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(files.len() > 50, "only {} files found", files.len());
    files
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let says = |text: &str| text.starts_with("//! ") || text.starts_with("\"\"\"");
    let silent: Vec<_> = files().into_iter().filter(|(_, text)| !says(text)).map(|(name, _)| name).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn no_file_outgrows_its_room() {
    let long: Vec<_> =
        files().into_iter().filter(|(_, text)| text.lines().count() > MAX_LINES).map(|(name, _)| name).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn there_are_no_drawers() {
    let drawers: Vec<_> = files()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| {
            name.trim_end_matches(".rs").trim_end_matches(".py").split('/').any(|part| DRAWERS.contains(&part))
        })
        .collect();
    assert!(drawers.is_empty(), "{drawers:?}");
}

#[test]
fn only_repos_know_the_schema() {
    for (name, text) in files().into_iter().filter(|(name, _)| name.starts_with("api/src/")) {
        let knows = text.contains("schema::");
        assert!(!knows || name.ends_with("/repo.rs") || name.contains("/repo/"), "{name}");
    }
}

#[test]
fn the_platform_knows_no_feature_and_the_contract_no_library_of_the_service() {
    for (name, text) in files() {
        if name.starts_with("api/src/platform/") {
            assert!(!text.contains("features::"), "{name}");
        }
        if name.starts_with("shared/") {
            assert!(!text.contains("diesel") && !text.contains("actix"), "{name}");
        }
    }
}

/// A feature is entered by its door: no path reaches behind another feature's `mod.rs`.
#[test]
fn features_are_entered_by_their_door() {
    let rooms = ["http", "service", "model", "repo", "error", "jobs"];
    for (name, text) in files().into_iter().filter(|(name, _)| name.starts_with("api/src/")) {
        for feature in text.split("features::").skip(1) {
            let mut parts = feature.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|part| !part.is_empty());
            let (_, second) = (parts.next(), parts.next().unwrap_or(""));
            let path = feature.split_whitespace().next().unwrap_or("");
            assert!(!(path.contains("::") && rooms.contains(&second)), "{name}: features::{path}");
        }
        assert!(!name.ends_with("/mod.rs") || !text.contains("pub mod repo;"), "{name} opens its repo");
    }
}

/// A suite that is not named in its `main.rs` runs no test, and nobody notices.
#[test]
fn every_suite_and_guard_is_run() {
    for (name, _) in files() {
        for folder in ["tests/suites/", "tests/guards/"] {
            let Some(module) = name.strip_prefix(folder).and_then(|file| file.strip_suffix(".rs")) else { continue };
            let main = fs::read_to_string(format!("{}/../{folder}main.rs", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let run =
                module == "main" || module.contains('/') || main.lines().any(|line| line == format!("mod {module};"));
            assert!(run, "{name} is not in {folder}main.rs");
        }
    }
}

/// Transactions before anyone is known are for the doors, and for nobody else.
#[test]
fn only_the_doors_open_entry_transactions() {
    for (name, text) in files().into_iter().filter(|(name, _)| name.starts_with("api/src/features/")) {
        // Who signs messages has no session to be checked by.
        let door = ["identity/", "registration/", "superadmins/", "erp/callbacks.rs", "erp/repo/secrets.rs"]
            .iter()
            .any(|door| name.contains(door));
        assert!(
            door || !([".tenant_entry(", ".platform_entry(", "EntryTx"].iter().any(|word| text.contains(word))),
            "{name}"
        );
    }
}
