//! HTTP without business: routes, strict input, problems, pages and entity tags.

mod address;
mod answer;
mod body;
pub mod cors;
mod cursor;
mod dates;
mod error;
pub mod explain;
mod file;
mod idempotency;
mod invalid;
pub mod problems;
mod query;
pub mod refusals;
mod route;
mod signature;
mod signed;
mod strict;
mod upload;
mod validators;

pub use address::{Proxies, client_address};
pub use answer::{Answer, no_content};
pub use body::{Body, MAX_BODY};
pub use cors::{Cors, is_origin};
pub use cursor::{Cursors, PageRequest, Position};
pub use dates::Dates;
pub use error::{ApiError, Kind};
pub use file::FileAnswer;
pub use idempotency::{Fingerprints, REUSED, once};
pub use invalid::{Invalid, MAX_QUANTITY, Text};
pub use query::{IdPath, Query};
pub use route::{Access, Repeats, Route, mount, nothing_here, page};
pub use signature::{Answers, Header, SchemaOf, Signature, Takes};
pub use signed::SignedBody;
pub use upload::{MAX_UPLOAD, SheetUpload};
pub use validators::IfMatch;
