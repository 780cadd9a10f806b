//! The tables of the operator's own work.

use super::{jobs, tenants};

diesel::table! {
    superadmin_looks (session_id, list) {
        session_id -> Uuid,
        list -> Text,
        looked_at -> Timestamptz,
    }
}

diesel::table! {
    operator_news (id) {
        id -> Int8,
        kind -> Text,
        client_id -> Nullable<Uuid>,
        resource_id -> Text,
        data -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    operator_events (sequence) {
        sequence -> Int8,
        kind -> Text,
        client_id -> Nullable<Uuid>,
        resource_id -> Text,
        data -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    operator_stream (id) {
        id -> Int4,
        last_sequence -> Int8,
        purged_through -> Int8,
        watched_until -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(jobs, tenants);
