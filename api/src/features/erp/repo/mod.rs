//! The link to the ERP in the database.

pub mod attempts;
pub mod callbacks;
pub mod configs;
pub mod lists;
pub mod many;
pub mod of_all;
pub mod secrets;
pub mod settling;
pub mod syncs;
pub mod turns;
