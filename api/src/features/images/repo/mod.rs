//! Pictures in the database: [`images`] has the pictures, [`files`] what lies in the store, [`vectors`] what they
//! look like.

pub mod files;
pub mod images;
pub mod vectors;
