//! Calls to other people's servers, whose names, addresses and answers nobody here vouches for.
//!
//! A name is resolved once, for the connection itself; what it leads to must be a public address, or one
//! that the operator lists (`OUTBOUND_ALLOW`), and that very address is connected to: a name that answers
//! otherwise the next time gains nothing. Redirects are not followed, proxies of the environment are not
//! used, and of an answer no more is taken in than somebody will look at.

mod addresses;
mod answer;
mod client;
mod resolver;

pub use answer::{Answered, Reading};
pub use client::{BadUrl, Call, CallError, Outbound, Verb};
pub use resolver::{Resolved, Resolver, SystemResolver};
