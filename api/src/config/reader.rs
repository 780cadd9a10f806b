//! Reads variables into what they stand for, and collects all that is wrong with them.

use super::{KeyRing, Variable};
use crate::platform::{crypto::Secret, http::is_origin};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ipnet::IpNet;
use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// The highest rate that can be set; an interval is never shorter than ten microseconds.
pub const MAX_RATE: u32 = 100_000;

/// Asks for one variable after the other.
pub struct Reader<'a> {
    source: &'a dyn Fn(&str) -> Option<String>,
    pub faults: Vec<String>,
    pub asked: Vec<Variable>,
}

impl<'a> Reader<'a> {
    pub fn of(source: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { source, faults: Vec::new(), asked: Vec::new() }
    }

    /// The text of a variable, which has this default.
    fn ask(&mut self, name: &str, default: impl Into<String>) -> Option<String> {
        if self.asked.iter().all(|known| known.name != name) {
            self.asked.push(Variable { name: name.to_owned(), default: default.into() });
        }
        (self.source)(name)
    }

    pub fn required(&mut self, name: &str) -> String {
        let value = self.ask(name, "required").filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set"));
            String::new()
        })
    }

    pub fn parsed<T: FromStr + Display>(&mut self, name: &str, default: T) -> T {
        let told = format!("`{default}`");
        self.parsed_or(name, default, &told)
    }

    /// The same with a default that depends on the machine.
    pub fn parsed_or<T: FromStr>(&mut self, name: &str, default: T, told: &str) -> T {
        match self.ask(name, told).map(|text| text.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.faults.push(format!("{name} is not of its form"));
                default
            }
        }
    }

    pub fn listen(&mut self) -> SocketAddr {
        self.parsed("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    pub fn optional<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.ask(name, "none").filter(|text| !text.is_empty())?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.faults.push(format!("{name} is not of its form"));
        }
        parsed
    }

    /// A whole number up to 100,000. (Uses are noted once a minute, so idle times are longer.)
    pub fn whole(&mut self, name: &str, least: i64, default: u32) -> i64 {
        let number = i64::from(self.parsed(name, default));
        if !(least..=100_000).contains(&number) {
            self.faults.push(format!("{name} is not from {least} to 100000"));
        }
        number
    }

    /// How many of something that takes memory.
    pub fn count(&mut self, name: &str, default: usize, told: &str) -> usize {
        let count = self.parsed_or(name, default, told);
        if !(1..=10_000).contains(&count) {
            self.faults.push(format!("{name} is not from 1 to 10000"));
        }
        count
    }

    pub fn rate(&mut self, name: &str, default: u32) -> u32 {
        let rate = self.parsed(name, default);
        if !(1..=MAX_RATE).contains(&rate) {
            self.faults.push(format!("{name} is not from 1 to {MAX_RATE}"));
        }
        rate
    }

    /// Addresses and networks (`10.0.0.0/8`), divided by commas.
    pub fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let text = self.ask(name, "none").unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let parsed: Option<Vec<IpNet>> =
            entries.map(|entry| entry.parse().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from))).collect();
        parsed.unwrap_or_else(|| {
            self.faults.push(format!("{name} is not a list of addresses and networks"));
            Vec::new()
        })
    }

    /// Origins (`https://console.example.com`), divided by commas.
    pub fn origins(&mut self, name: &str) -> Vec<String> {
        let text = self.ask(name, "none").unwrap_or_default();
        let origins: Vec<_> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if !origins.iter().all(|origin| is_origin(origin)) {
            self.faults.push(format!("{name} is not a list of origins as browsers send them"));
        }
        origins.into_iter().map(str::to_owned).collect()
    }

    pub fn switch(&mut self, name: &str) -> bool {
        match self.ask(name, "`off`").as_deref() {
            None | Some("off") => false,
            Some("on") => true,
            Some(_) => {
                self.faults.push(format!("{name} is neither on nor off"));
                false
            }
        }
    }

    /// A PostgreSQL URL, whose escapes are checked here: libpq would quote a broken one, which may
    /// be part of the password, in its error.
    pub fn database_url(&mut self, name: &str) -> Secret<String> {
        let url = self.required(name);
        let broken = url.split('%').skip(1).any(|rest| {
            let mut digits = rest.chars();
            !(0..2).all(|_| digits.next().is_some_and(|c| c.is_ascii_hexdigit()))
        });
        if broken {
            self.faults.push(format!("{name} has a % that is not escaped as %25"));
        }
        Secret::new(url)
    }

    pub fn optional_database_url(&mut self, name: &str) -> Option<Secret<String>> {
        let set = self.ask(name, "none").is_some_and(|value| !value.is_empty());
        set.then(|| self.database_url(name))
    }

    pub fn keys(&mut self, name: &str) -> KeyRing {
        let text = self.required(name);
        let keys: Vec<_> = text.split(',').filter_map(parse_key).collect();
        let names: std::collections::BTreeSet<_> = keys.iter().map(|(kid, _)| kid).collect();
        if names.len() != keys.len() {
            self.faults.push(format!("{name} names a key twice"));
        }
        if !text.is_empty() && keys.len() != text.split(',').count() {
            self.faults.push(format!("{name} is not of the form kid:key[,kid:key…], each key 32 bytes in base64url"));
        }
        KeyRing(keys)
    }
}

fn parse_key(entry: &str) -> Option<(String, Secret<[u8; 32]>)> {
    let (kid, key) = entry.split_once(':')?;
    let bytes = URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).ok()?;
    let named = !kid.is_empty() && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    named.then_some((kid.to_owned(), Secret::new(bytes.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let key = parse_key("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        assert_eq!(format!("{key:?}"), "(\"k1\", ***)");
    }
}
