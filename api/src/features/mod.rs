//! The business, one folder a feature. Each `mod.rs` is the only door: what is behind it is
//! private, and another feature calls what the door shows, never a repo.

pub mod accounting;
pub mod api_keys;
pub mod audit;
pub mod client;
pub mod customers;
pub mod erp;
pub mod exports;
pub mod identity;
pub mod images;
pub mod imports;
pub mod inventory;
pub mod operator;
pub mod orders;
pub mod products;
pub mod registration;
pub mod reports;
pub mod retention;
pub mod returns;
pub mod roles;
pub mod superadmins;
pub mod tenants;
pub mod users;
pub mod verify;
pub mod webhooks;
