//! Programs of other people that some tests need, fetched once with their hashes from `tests/tools`
//! and kept under `target/tools`.
//!
//! Where one cannot be had, its test is skipped with a loud word. `REQUIRE_TOOLS`, which CI sets,
//! makes that a failure.

use crate::patience;
use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

/// The folder with what is to be fetched.
pub fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tools")
}

/// A Python environment with what `tests/tools/{name}.txt` lists; its programs.
pub fn python(name: &str) -> Option<PathBuf> {
    let list = recipes().join(format!("{name}.txt"));
    let folder = made(name, &[&list], |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]);
        run(pip.arg(&list)).map(drop)
    })?;
    Some(folder.join("bin"))
}

/// A folder with the packages that `tests/tools/{name}/package-lock.json` lists.
pub fn node(name: &str) -> Option<PathBuf> {
    let recipe = recipes().join(name);
    let files = ["package.json", "package-lock.json"].map(|file| recipe.join(file));
    made(name, &[&files[0], &files[1]], |folder| {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        for file in &files {
            let copy = folder.join(file.file_name().expect("a name"));
            fs::copy(file, copy).map_err(|error| error.to_string())?;
        }
        let mut npm = Command::new("npm");
        run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder)).map(drop)
    })
}

/// Says that a test does nothing here, or fails where this variable is set.
pub fn skip(why: &str, unless: &str) {
    assert!(env::var_os(unless).is_none(), "{unless} is set: {why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Past what the harness of Rust keeps back of tests that pass.
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {test}: {why} ***");
}

/// For how long a program may fetch, generate or compile. A fuzzer that was told to take its time may take all day.
const PATIENCE: Duration = Duration::from_secs(20 * 60);
const ALL_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs a program to its end; its output when it ended well, and else all that it said.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let patience = if env::var_os("FUZZ").is_some() { ALL_DAY } else { PATIENCE };
    let name = format!("{command:?}");
    let output = patience::output(command, patience).map_err(|error| format!("{name}: {error}"))?;
    let output = output.map_err(|said| format!("{name}: {said}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    Err(format!("{command:?}: {}\n{}\n{}", output.status, said[0], said[1]))
}

/// What `make` makes, by one process at a time and once for the same files.
fn made(name: &str, files: &[&PathBuf], make: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    fs::create_dir_all(&root).expect("a folder");
    let root = root.canonicalize().expect("its path");
    let lock = File::create(root.join(format!("{name}.lock"))).expect("a lock");
    lock.lock().expect("the lock");
    let (folder, stamp) = (root.join(name), root.join(format!("{name}.made")));
    let recipe: String = files.iter().map(|file| fs::read_to_string(file).expect("a recipe")).collect();
    if fs::read_to_string(&stamp).is_ok_and(|made| made == recipe) {
        return Some(folder);
    }
    let _ = fs::remove_file(&stamp);
    let _ = fs::remove_dir_all(&folder);
    match make(&folder) {
        Ok(()) => {
            fs::write(stamp, recipe).expect("a stamp");
            Some(folder)
        }
        Err(why) => {
            skip(&format!("{name} can not be had: {why}"), "REQUIRE_TOOLS");
            None
        }
    }
}
