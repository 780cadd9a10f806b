//! The journal in the database.

mod posting;

pub use posting::{Posting, PostingLine, post};
