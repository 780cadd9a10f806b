//! The link to a client's ERP: where it is, and what became of each order that it is told of.

mod callbacks;
mod link;
mod order;
mod syncs;

pub use callbacks::*;
pub use link::*;
pub use order::*;
pub use syncs::*;
