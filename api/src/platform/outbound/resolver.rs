//! From a name to the addresses that may be called.

use super::addresses::{is_listed, is_public};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

/// The addresses of a name, on their way.
pub type Resolved = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// Where addresses of names come from. Tests bring one that lies.
pub trait Resolver: Send + Sync {
    fn resolve(&self, name: String) -> Resolved;
}

/// The machine's own.
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, name: String) -> Resolved {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The name leads nowhere that may be called.
#[derive(Debug, thiserror::Error)]
#[error("the address is not a public one")]
pub struct NotAllowed;

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
                .await?
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
