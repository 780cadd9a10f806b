//! Where the console goes: profiles in a file, each a service with a name and a colour, so that nobody takes one for
//! another.
//!
//! `profiles.toml` stands in `$XDG_CONFIG_HOME/countinghouse-admin`, or `~/.config/countinghouse-admin`:
//!
//! ```toml
//! default = "production"
//!
//! [profiles.production]
//! url = "https://books.example.com"
//! username = "ada"
//! colour = "red"
//! readonly = true
//!
//! [profiles.local]
//! url = "http://127.0.0.1:8080"
//! ```

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

/// A service, and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub url: String,
    pub username: Option<String>,
    /// A name such as `red`, `#ff8800`, or a number of the 256.
    pub colour: String,
    pub readonly: bool,
    pub light: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    username: Option<String>,
    #[serde(default)]
    colour: Option<String>,
    #[serde(default)]
    readonly: bool,
    #[serde(default)]
    light: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    #[error("{0}: {1}")]
    Wrong(PathBuf, String),
    #[error("there is no profile {name} in {file}; it has {known}")]
    Unknown { name: String, file: PathBuf, known: String },
    #[error("nothing says where the service is: give --url, or write a profile into {0} (see --help)")]
    Nowhere(PathBuf),
    #[error("neither XDG_CONFIG_HOME nor HOME is set")]
    Homeless,
}

impl Profile {
    /// The one that is asked for: by address, by name, or by default.
    pub fn find(folder: &Path, name: Option<&str>, url: Option<&str>) -> Result<Self, ProfileError> {
        if let (None, Some(url)) = (name, url) {
            return Ok(Self::at(url));
        }
        let path = folder.join("profiles.toml");
        let file = read(&path)?;
        let name = name.map(str::to_owned).or(file.default);
        let name = name.or_else(|| file.profiles.keys().next().filter(|_| file.profiles.len() == 1).cloned());
        let Some(name) = name else { return Err(ProfileError::Nowhere(path)) };
        let Some(entry) = file.profiles.get(&name).cloned() else {
            let known = file.profiles.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(ProfileError::Unknown { name, file: path, known });
        };
        let Entry { url: own, username, colour, readonly, light } = entry;
        let colour = colour.unwrap_or_else(|| "cyan".to_owned());
        Ok(Self { name, url: url.map_or(own, str::to_owned), username, colour, readonly, light })
    }

    /// One that stands in no file: it is called by its address.
    fn at(url: &str) -> Self {
        let name = url.split("://").last().unwrap_or(url).trim_end_matches('/').to_owned();
        Self { name, url: url.to_owned(), username: None, colour: "cyan".to_owned(), readonly: false, light: false }
    }
}

/// Where profiles are kept.
pub fn folder() -> Result<PathBuf, ProfileError> {
    home("XDG_CONFIG_HOME", ".config")
}

/// Where what is remembered between two runs is kept.
pub fn state_folder() -> Result<PathBuf, ProfileError> {
    home("XDG_STATE_HOME", ".local/state")
}

fn home(variable: &str, otherwise: &str) -> Result<PathBuf, ProfileError> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).or_else(|| set("HOME").map(|home| home.join(otherwise)));
    Ok(base.ok_or(ProfileError::Homeless)?.join("countinghouse-admin"))
}

fn read(path: &Path) -> Result<File, ProfileError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(ProfileError::Unreadable(path.to_owned(), error)),
    };
    toml::from_str(&text).map_err(|error| ProfileError::Wrong(path.to_owned(), error.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("profiles.toml"), text).unwrap();
        folder
    }

    const TWO: &str = "default = \"a\"\n[profiles.a]\nurl = \"http://a\"\nreadonly = true\ncolour = \"red\"\n\
        [profiles.b]\nurl = \"http://b\"\nusername = \"ada\"\n";

    #[test]
    fn a_profile_is_found_by_name_by_default_or_alone() {
        let two = folder(TWO);
        let named = |name, url| Profile::find(two.path(), name, url).unwrap();
        let a = named(None, None);
        assert_eq!((a.url.as_str(), a.readonly, a.colour.as_str()), ("http://a", true, "red"));
        assert_eq!(named(Some("b"), None).username.as_deref(), Some("ada"));
        assert_eq!(named(Some("b"), Some("http://c")).url, "http://c");
        assert_eq!(named(None, Some("http://127.0.0.1:8080/")).name, "127.0.0.1:8080");
        let one = folder("[profiles.only]\nurl = \"http://x\"\n");
        assert_eq!(Profile::find(one.path(), None, None).unwrap().name, "only");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str, name| Profile::find(folder(text).path(), name, None).unwrap_err().to_string();
        assert!(said(TWO, Some("c")).contains("no profile c") && said(TWO, Some("c")).contains("a, b"));
        assert!(said("", None).contains("--url"));
        assert!(said("[profiles.a]\nurl = 1\n", None).contains("profiles.toml"));
        assert!(said("[profiles.a]\nurl = \"x\"\npassword = \"y\"\n", None).contains("password"));
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(Profile::find(empty.path(), None, None), Err(ProfileError::Nowhere(_))));
    }
}
