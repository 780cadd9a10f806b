//! Users, sessions, refresh tokens and the session log in the database.

mod events;
mod refresh;
mod sessions;
mod users;

pub use events::{insert_event, list_events};
pub use refresh::{RefreshRow, insert_refresh_token, lock_refresh_token, mark_refresh_used, refresh_hash};
pub use sessions::{
    NewSession, end_session, end_session_at, end_sessions, extend_session, insert_session, list_sessions, session_user,
};
pub use users::{LoginRow, commit_soon, find_login, holds_password, insert_user, password_hash, replace_password};
