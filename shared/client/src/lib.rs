//! A typed client for the HTTP API.
//!
//! [`Client`] knows where the service is; logging in makes a [`Session`] of a client's user, and so
//! does an API key; superadmins get a [`SuperadminSession`]. What goes in and comes out are the types
//! of the contract, and every refusal of the service is a [`ClientError::Problem`] with its stable
//! code.
//!
//! ```no_run
//! # use countinghouse_client::{Client, ClientError};
//! # use countinghouse_contract::{auth::Login, products::ProductQuery};
//! # async fn tour(login: Login) -> Result<(), ClientError> {
//! let session = Client::new("http://127.0.0.1:8080")?.login(login).await?;
//! for product in session.all_products(&ProductQuery::default()).await? {
//!     println!("{} {}", product.sku, product.price);
//! }
//! session.logout().await
//! # }
//! ```

mod api_keys;
mod audit;
mod connection;
mod customers;
mod erp;
mod error;
mod images;
mod orders;
mod pages;
mod products;
mod profile;
mod reports;
mod returns;
mod second_factor;
mod session;
mod superadmin;
mod users;
mod webhooks;

pub use connection::Client;
pub use error::ClientError;
pub use session::Session;
pub use superadmin::{News, OperatorEvents, SuperadminSession};
