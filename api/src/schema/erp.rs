//! The tables of the link to clients' ERPs.

diesel::table! {
    erp_configs (tenant_id) {
        tenant_id -> Uuid,
        enabled -> Bool,
        immediate_sync -> Bool,
        debug -> Bool,
        cron_enabled -> Bool,
        cron_schedule -> Text,
        base_url -> Nullable<Text>,
        api_key -> Nullable<Bytea>,
        timeout_seconds -> Int4,
        max_attempts -> Int4,
        base_delay_seconds -> Int4,
        failures -> Int4,
        failing_since -> Nullable<Timestamptz>,
        open_until -> Nullable<Timestamptz>,
        sender -> Nullable<Uuid>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    erp_secrets (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        secret -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    erp_syncs (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        order_number -> Text,
        order_version -> Int4,
        cause -> Text,
        status -> Text,
        attempts -> Int4,
        max_attempts -> Int4,
        outcome_unknown -> Bool,
        idempotency_key -> Text,
        payload -> Nullable<Text>,
        next_attempt_at -> Nullable<Timestamptz>,
        last_attempt_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        warning -> Nullable<Text>,
        erp_reference -> Nullable<Text>,
        erp_status -> Nullable<Text>,
        discard_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    erp_attempts (tenant_id, sync_id, number) {
        tenant_id -> Uuid,
        sync_id -> Uuid,
        number -> Int4,
        kind -> Text,
        attempted_at -> Timestamptz,
        duration_ms -> Nullable<Int8>,
        request_body -> Nullable<Text>,
        status -> Nullable<Int4>,
        headers -> Nullable<Jsonb>,
        body -> Nullable<Text>,
        error -> Nullable<Text>,
        whole -> Bool,
        outcome_unknown -> Bool,
    }
}

diesel::table! {
    erp_callbacks (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        sync_id -> Uuid,
        erp_reference -> Nullable<Text>,
        erp_status -> Nullable<Text>,
        outcome -> Text,
        received_at -> Timestamptz,
        repeats -> Int4,
        repeated_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(erp_configs, erp_secrets, erp_syncs, erp_attempts, erp_callbacks);
