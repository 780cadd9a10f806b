//! What a log-in leaves between two runs: a file for each profile, which nobody else may read.
//!
//! A refresh token is good once, and several consoles may use one profile: whoever renews the session holds the file's
//! lock, and looks first whether another has done it.

use crate::profile::Profile;
use countinghouse_client::{Client, ClientError, SuperadminSession};
use countinghouse_contract::admin::LoginSuperadmin;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Tokens go to no other service than the one that gave them.
    url: String,
    user: LoginSuperadmin,
    access_token: String,
    refresh_token: String,
}

/// The file of a profile.
#[derive(Debug, Clone)]
pub struct Tokens {
    path: PathBuf,
    url: String,
}

impl Tokens {
    pub fn of(folder: &Path, profile: &Profile) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let name: String = profile.name.chars().map(plain).collect();
        Self { path: folder.join(format!("{name}.json")), url: profile.url.clone() }
    }

    /// The session of before, if there is one of this service.
    pub fn session(&self, client: &Client) -> Option<SuperadminSession> {
        let kept: Kept = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        (kept.url == self.url).then(|| opened(client, kept))
    }

    pub fn keep(&self, session: &SuperadminSession) -> io::Result<()> {
        let mut file = self.open()?;
        file.lock()?;
        self.write(&mut file, session)
    }

    /// The session with new tokens: those that somebody else got meanwhile, or ones that are asked for now.
    pub async fn renew(&self, client: &Client, refused: &SuperadminSession) -> Result<SuperadminSession, RenewError> {
        let this = self.clone();
        // Whoever holds it may be waiting for the service: the screens go on meanwhile.
        let locked = tokio::task::spawn_blocking(move || {
            let file = this.open()?;
            file.lock()?;
            Ok::<_, io::Error>(file)
        });
        let mut file = locked.await.map_err(io::Error::other)??;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        if let Ok(kept) = serde_json::from_slice::<Kept>(&text)
            && kept.url == self.url
            && kept.access_token != refused.tokens().0
        {
            return Ok(opened(client, kept));
        }
        let fresh = refused.renewed().await?;
        self.write(&mut file, &fresh)?;
        Ok(fresh)
    }

    pub fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)
    }

    fn write(&self, file: &mut File, session: &SuperadminSession) -> io::Result<()> {
        let (access_token, refresh_token) = session.tokens();
        let kept = Kept {
            url: self.url.clone(),
            user: session.user().clone(),
            access_token: access_token.to_owned(),
            refresh_token: refresh_token.to_owned(),
        };
        file.rewind()?;
        file.set_len(0)?;
        file.write_all(serde_json::to_string(&kept)?.as_bytes())?;
        file.sync_all()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("the tokens cannot be kept: {0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Refused(#[from] ClientError),
}

fn opened(client: &Client, kept: Kept) -> SuperadminSession {
    SuperadminSession::of_tokens(client.clone(), kept.user, kept.access_token, kept.refresh_token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn profile(url: &str) -> Profile {
        Profile::find(Path::new("/nowhere"), None, Some(url)).unwrap()
    }

    fn session(client: &Client) -> SuperadminSession {
        let user = serde_json::from_value(serde_json::json!({
            "id": "01a1fddc-2f50-7291-9451-a6b0df788eda", "username": "ada",
        }));
        SuperadminSession::of_tokens(client.clone(), user.unwrap(), "access".to_owned(), "refresh".to_owned())
    }

    #[test]
    fn tokens_are_for_nobody_else_and_for_no_other_service() {
        let (folder, client) = (tempfile::tempdir().unwrap(), Client::new("http://127.0.0.1:1").unwrap());
        let tokens = Tokens::of(&folder.path().join("made"), &profile("http://127.0.0.1:1"));
        assert!(tokens.session(&client).is_none());
        tokens.keep(&session(&client)).unwrap();
        assert_eq!(fs::metadata(&tokens.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(tokens.session(&client).unwrap().tokens(), ("access", "refresh"));
        let elsewhere = Tokens { url: "http://127.0.0.1:2".to_owned(), ..tokens.clone() };
        assert!(elsewhere.session(&client).is_none());
        tokens.forget().unwrap();
        tokens.forget().unwrap();
        assert!(tokens.session(&client).is_none());
    }

    #[test]
    fn a_profile_leads_to_no_other_folder() {
        let tokens = Tokens::of(Path::new("/state"), &profile("http://x/../../etc/passwd"));
        assert_eq!(tokens.path, Path::new("/state/x_.._.._etc_passwd.json"));
    }

    /// Whoever comes second takes what the first one got: nobody is asked.
    #[tokio::test]
    async fn a_session_that_another_has_renewed_is_taken_over() {
        let (folder, client) = (tempfile::tempdir().unwrap(), Client::new("http://127.0.0.1:1").unwrap());
        let tokens = Tokens::of(folder.path(), &profile("http://127.0.0.1:1"));
        let mine = session(&client);
        let user = mine.user().clone();
        let theirs = SuperadminSession::of_tokens(client.clone(), user, "newer".to_owned(), "newest".to_owned());
        tokens.keep(&theirs).unwrap();
        assert_eq!(tokens.renew(&client, &mine).await.unwrap().tokens().0, "newer");
        // Nothing listens there.
        tokens.keep(&mine).unwrap();
        assert!(matches!(tokens.renew(&client, &mine).await, Err(RenewError::Refused(ClientError::Http(_)))));
    }
}
