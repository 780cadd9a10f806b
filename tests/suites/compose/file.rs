//! What is read of `deployment/compose/compose.yaml`, with the values that `make-env` makes.

use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf, process::Command};

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deployment/compose");

#[derive(Deserialize)]
pub struct File {
    pub services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
pub struct Service {
    pub image: String,
    pub command: Vec<String>,
    pub restart: String,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(default)]
    pub depends_on: BTreeMap<String, Dependency>,
    pub healthcheck: Option<Healthcheck>,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    volumes: Vec<String>,
    networks: Networks,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub condition: Condition,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    ServiceHealthy,
    ServiceCompletedSuccessfully,
}

#[derive(Deserialize)]
pub struct Healthcheck {
    pub test: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Networks {
    Joined(#[expect(dead_code, reason = "only addresses matter here")] Vec<String>),
    Placed(BTreeMap<String, Placed>),
}

#[derive(Deserialize)]
struct Placed {
    ipv4_address: String,
}

impl Service {
    /// The address that the file gives it.
    pub fn address(&self) -> Option<&str> {
        let Networks::Placed(networks) = &self.networks else { return None };
        networks.values().next().map(|placed| placed.ipv4_address.as_str())
    }

    /// Whether its container has a place on the disk for files without a name.
    pub fn writes_scratch(&self) -> bool {
        !self.read_only || self.volumes.iter().any(|volume| volume == "/tmp")
    }

    /// Files of this folder, and where the container sees them.
    pub fn mounts(&self) -> Vec<(PathBuf, String)> {
        let own = self.volumes.iter().filter(|volume| volume.starts_with('.'));
        let parts = own.map(|volume| volume.split(':').collect::<Vec<_>>());
        parts.map(|parts| (PathBuf::from(FOLDER).join(parts[0]), parts[1].to_owned())).collect()
    }
}

/// Reads the file, with new passwords and keys.
pub fn read() -> File {
    let made = Command::new("./make-env").current_dir(FOLDER).output().expect("make-env runs");
    assert!(made.status.success(), "{made:?}");
    let mut text = std::fs::read_to_string(format!("{FOLDER}/compose.yaml")).unwrap();
    for line in String::from_utf8(made.stdout).unwrap().lines() {
        let (name, value) = line.split_once('=').expect("NAME=value");
        text = text.replace(&format!("${{{name}}}"), value);
    }
    assert!(!text.contains("${"), "make-env makes every value");
    serde_saphyr::from_str(&text).unwrap()
}
