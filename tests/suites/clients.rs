//! Clients that others generate from the document: they compile, and they work. Nothing of them is
//! kept.

use countinghouse_tests::{PASSWORD, World, document::DOCUMENT, tools};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use uuid::Uuid;

/// A folder of the test's own, with the document in it.
struct Workshop(PathBuf);

impl Workshop {
    fn open() -> Self {
        let folder = std::env::temp_dir().join(format!("countinghouse-clients-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("openapi.json"), DOCUMENT.to_string()).unwrap();
        Self(folder)
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        let beside = program.parent().unwrap_or(Path::new("")).display();
        let path = format!("{beside}:{}", std::env::var("PATH").unwrap());
        command.args(arguments).current_dir(&self.0).env("PYTHONPATH", &self.0).env("PATH", path);
        let output = tools::run(&mut command).unwrap_or_else(|said| panic!("{said}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The generator takes files for bytes only where it is told that they are.
const NAMES: &str = r#"{
    "package_name_override": "countinghouse_client",
    "content_type_overrides": {
        "text/csv": "application/octet-stream",
        "image/jpeg": "application/octet-stream",
        "image/png": "application/octet-stream",
        "image/webp": "application/octet-stream",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "application/octet-stream"
    }
}"#;

#[tokio::test]
async fn a_typescript_client_compiles_and_works() {
    let world = World::start().await;
    let base_url = world.base_url.clone();
    let work = move || {
        let Some(packages) = tools::node("typescript") else { return };
        let (workshop, programs) = (Workshop::open(), packages.join("node_modules/.bin"));
        std::os::unix::fs::symlink(packages.join("node_modules"), workshop.0.join("node_modules")).unwrap();
        for file in ["package.json", "tsconfig.json", "smoke.ts"] {
            fs::copy(tools::recipes().join("typescript").join(file), workshop.0.join(file)).unwrap();
        }
        workshop.run(&programs.join("openapi-typescript"), &["openapi.json", "-o", "schema.d.ts"]);
        workshop.run(&programs.join("tsc"), &["-p", "."]);
        let said = workshop.run(Path::new("node"), &["out/smoke.js", &base_url, "north", "owner", PASSWORD]);
        assert!(said.contains("typescript: done"), "{said}");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

#[tokio::test]
async fn a_python_client_compiles_and_works() {
    let world = World::start().await;
    let base_url = world.base_url.clone();
    let work = move || {
        let Some(programs) = tools::python("python-client") else { return };
        let workshop = Workshop::open();
        fs::write(workshop.0.join("names.json"), NAMES).unwrap();
        let generate = ["generate", "--path", "openapi.json", "--meta", "none", "--fail-on-warning"];
        let place = ["--output-path", "countinghouse_client", "--config", "names.json"];
        workshop.run(&programs.join("openapi-python-client"), &[&generate[..], &place].concat());
        workshop.run(&programs.join("python"), &["-m", "compileall", "-q", "countinghouse_client"]);
        let smoke = tools::recipes().join("python_smoke.py");
        let smoke = smoke.to_str().unwrap();
        let said = workshop.run(&programs.join("python"), &[smoke, &base_url, "north", "owner", PASSWORD]);
        assert!(said.contains("python: done"), "{said}");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}
