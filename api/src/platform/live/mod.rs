//! What changed, for screens that show it at once: one reader in each process, which asks the database for what is
//! new as long as somebody looks, and hands it on to all streams of the process.
//!
//! An event is put on a list in the transaction of what it tells of, and gets its number when it is seen
//! (`number_operator_news` in the migrations). So numbers come in the order in which they can be read, however late
//! something was committed, and whoever has come as far as a number has missed nothing before it: in whichever
//! process.

mod hub;
mod kept;
mod repo;
mod stream;

pub use hub::{Live, TooManyStreams};
pub use kept::Kept;
pub use repo::Told;
pub use stream::EventStream;
