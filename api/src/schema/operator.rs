//! The tables of the operator's own work.

use super::{jobs, tenants};

diesel::table! {
    superadmin_looks (session_id, list) {
        session_id -> Uuid,
        list -> Text,
        looked_at -> Timestamptz,
    }
}
diesel::allow_tables_to_appear_in_same_query!(jobs, tenants);
