//! Users, sessions, refresh tokens and the session log in the database.

mod events;
mod refresh;
mod second_factors;
mod sessions;
mod users;

pub use events::{insert_event, list_events};
pub use refresh::{RefreshRow, insert_refresh_token, lock_refresh_token, mark_refresh_used, refresh_hash};
pub use second_factors::{
    confirm, delete_factor, factor_state, find_of_client, keep_tries, lock_factor, pass, put_pending,
    replace_recovery_codes, reset_factor, use_recovery_code,
};
pub use sessions::{
    NewSession, end_session, end_session_at, end_sessions, end_sessions_of, extend_session, insert_session,
    list_sessions, session_user,
};
pub use users::{
    LoginRow, commit_soon, find_login, holds_password, insert_user, password_hash, raise_hash, replace_password,
};
