//! The process itself, and what it depends on.

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

#[derive(Clone)]
pub(super) struct Process {
    parts: Family<Part, Gauge>,
    limits_alone: Gauge,
    hashing: Gauge,
    hashing_most: Gauge,
    pictures: Gauge,
    pictures_most: Gauge,
    started: Gauge,
    memory: Gauge,
    files: Gauge,
}

impl Process {
    pub(super) fn register(registry: &mut Registry, started: DateTime<Utc>) -> Self {
        let made = Self {
            parts: Family::default(),
            limits_alone: Gauge::default(),
            hashing: Gauge::default(),
            hashing_most: Gauge::default(),
            pictures: Gauge::default(),
            pictures_most: Gauge::default(),
            started: Gauge::default(),
            memory: Gauge::default(),
            files: Gauge::default(),
        };
        made.started.set(started.timestamp());
        let build = Info::new(Build { version: env!("CARGO_PKG_VERSION") });
        registry.register("build", "What runs", build);
        registry.register("part_up", "Whether what the service depends on is there", made.parts.clone());
        registry.register(
            "rate_limits_alone",
            "Whether this process limits by itself, for want of Redis",
            made.limits_alone.clone(),
        );
        registry.register("passwords_hashing", "Passwords being hashed or waiting for it", made.hashing.clone());
        registry.register("passwords_hashing_max", "How many of them there may be", made.hashing_most.clone());
        registry.register("pictures_reading", "Pictures being read or waiting for it", made.pictures.clone());
        registry.register("pictures_reading_max", "How many of them there may be", made.pictures_most.clone());
        registry.register("process_start_time_seconds", "When it was started, since 1970", made.started.clone());
        registry.register("process_resident_memory_bytes", "Memory in use (Linux)", made.memory.clone());
        registry.register("process_open_fds", "Open files and connections (Linux)", made.files.clone());
        made
    }

    pub(super) fn set_parts(&self, parts: [(&'static str, bool); 3]) {
        for (part, up) in parts {
            self.parts.get_or_create(&Part { part }).set(up.into());
        }
    }

    pub(super) fn set_limits_alone(&self, alone: bool) {
        self.limits_alone.set(alone.into());
    }

    pub(super) fn set_hashing(&self, taken: usize, most: usize) {
        self.hashing.set(i64::try_from(taken).unwrap_or(i64::MAX));
        self.hashing_most.set(i64::try_from(most).unwrap_or(i64::MAX));
    }

    pub(super) fn set_pictures(&self, taken: usize, most: usize) {
        self.pictures.set(i64::try_from(taken).unwrap_or(i64::MAX));
        self.pictures_most.set(i64::try_from(most).unwrap_or(i64::MAX));
    }

    /// What the kernel says, where there is one that says it.
    pub(super) fn look_at_kernel(&self) {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        if let Some(files) = open_files() {
            self.files.set(files);
        }
    }
}

fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn open_files() -> Option<i64> {
    i64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}
