//! From a name to the addresses that may be called.

use super::addresses::{is_listed, is_public};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// The addresses of a name, on their way.
pub type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where addresses of names come from. Tests bring one that lies.
pub trait Resolver: Send + Sync {
    fn resolve(&self, name: String) -> Resolved;
}

/// Names that are looked up at a time. Each takes a thread until the machine's resolver gives up, also when nobody
/// waits for it any more; and the database is asked on the same threads, of which there are 512.
const LOOKUPS: usize = 128;

/// The machine's own.
pub struct SystemResolver {
    turns: Arc<Semaphore>,
    look_up: fn(&str) -> io::Result<Vec<IpAddr>>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(LOOKUPS)), look_up }
    }
}

/// Waits for the answer.
fn look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

impl Resolver for SystemResolver {
    fn resolve(&self, name: String) -> Resolved {
        let (turns, look_up) = (Arc::clone(&self.turns), self.look_up);
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(io::Error::other)?;
            let found = spawn_blocking(move || {
                let _turn = turn;
                look_up(&name)
            });
            found.await.map_err(io::Error::other)?
        })
    }
}

/// The name leads nowhere that may be called.
#[derive(Debug, thiserror::Error)]
#[error("the address is not a public one")]
pub struct NotAllowed;

/// Nobody knows the name.
#[derive(Debug, thiserror::Error)]
#[error("the name is not known: {0}")]
pub struct NotResolved(String);

/// What may be called by one of the two schemes.
#[derive(Clone)]
pub struct Rules {
    pub listed: Arc<[IpNet]>,
    /// Whether all of the internet may.
    pub public: bool,
}

impl Rules {
    pub fn permit(&self, address: IpAddr) -> bool {
        is_listed(address, &self.listed) || (self.public && is_public(address))
    }
}

/// Gives a connection the addresses that it may use, and no others.
pub struct Checked {
    pub resolver: Arc<dyn Resolver>,
    pub rules: Rules,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, rules) = (self.resolver.resolve(name.as_str().to_owned()), self.rules.clone());
        Box::pin(async move {
            let permitted: Vec<SocketAddr> = found
                .await
                .map_err(|error| NotResolved(error.to_string()))?
                .into_iter()
                .filter(|address| rules.permit(*address))
                // The port is the URL's.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if permitted.is_empty() {
                return Err(NotAllowed.into());
            }
            Ok::<Addrs, _>(Box::new(permitted.into_iter()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::{
        net::Ipv4Addr,
        sync::{Condvar, Mutex},
    };

    /// How many lookups hang, and whether they go on hanging.
    static HANGING: (Mutex<(usize, bool)>, Condvar) = (Mutex::new((0, true)), Condvar::new());

    fn hang(_: &str) -> io::Result<Vec<IpAddr>> {
        let (state, changed) = &HANGING;
        let mut state = state.lock().unwrap();
        state.0 += 1;
        changed.notify_all();
        drop(changed.wait_while(state, |state| state.1).unwrap());
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }

    /// Nobody waits for the first two any more, and they take their threads all the same.
    #[tokio::test]
    async fn no_more_names_are_looked_up_at_a_time_than_there_are_turns() {
        let resolver = SystemResolver { turns: Arc::new(Semaphore::new(2)), look_up: hang };
        for _ in 0..2 {
            assert!(resolver.resolve("hangs.example".to_owned()).now_or_never().is_none());
        }
        let mut third = resolver.resolve("waits.example".to_owned());
        assert!((&mut third).now_or_never().is_none());
        let both = spawn_blocking(|| {
            let (state, changed) = &HANGING;
            let mut state = changed.wait_while(state.lock().unwrap(), |state| state.0 < 2).unwrap();
            assert_eq!(state.0, 2);
            state.1 = false;
            changed.notify_all();
        });
        both.await.unwrap();
        assert_eq!(third.await.unwrap(), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }

    #[tokio::test]
    async fn the_machine_knows_itself() {
        let found = SystemResolver::default().resolve("localhost".to_owned()).await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
