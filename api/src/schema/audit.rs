//! The tables of the audit logs.

diesel::table! {
    audit_log (tenant_id, created_at, id) {
        tenant_id -> Uuid,
        created_at -> Timestamptz,
        id -> Uuid,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        resource_id -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_unsealed (tenant_id, created_at, id) {
        tenant_id -> Uuid,
        created_at -> Timestamptz,
        id -> Uuid,
    }
}

diesel::table! {
    audit_seals (tenant_id, sequence) {
        tenant_id -> Uuid,
        sequence -> Int8,
        entry_created_at -> Timestamptz,
        entry_id -> Uuid,
        seal -> Bytea,
    }
}

diesel::table! {
    audit_chains (tenant_id) {
        tenant_id -> Uuid,
        sealing_key -> Bytea,
        last_sequence -> Int8,
        last_seal -> Bytea,
        purged_through -> Int8,
        purged_seal -> Bytea,
        mac -> Bytea,
    }
}

diesel::table! {
    platform_audit_log (sequence) {
        sequence -> Int8,
        created_at -> Timestamptz,
        id -> Uuid,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        resource_id -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        client_id -> Nullable<Uuid>,
        seal -> Bytea,
    }
}

diesel::table! {
    platform_audit_chain (id) {
        id -> Uuid,
        sealing_key -> Bytea,
        last_sequence -> Int8,
        last_seal -> Bytea,
        purged_through -> Int8,
        purged_seal -> Bytea,
        mac -> Bytea,
    }
}

diesel::allow_tables_to_appear_in_same_query!(audit_log, audit_unsealed, audit_seals);
