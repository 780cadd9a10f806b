//! The tables as diesel sees them. A guard in `tests/` compares this file with the migrated
//! database, column by column.

mod after_sale;
mod audit;
mod bulk;
mod erp;
mod images;
mod operator;
mod webhooks;

pub use after_sale::{return_lines, returns};
pub use audit::{audit_chains, audit_log, audit_seals, audit_unsealed, platform_audit_chain, platform_audit_log};
pub use bulk::{import_chunks, import_errors, imports};
pub use erp::{erp_attempts, erp_callbacks, erp_configs, erp_secrets, erp_syncs};
pub use images::product_images;
pub use operator::superadmin_looks;
pub use webhooks::{webhook_attempts, webhook_deliveries, webhook_endpoints, webhook_secrets};

diesel::table! {
    tenants (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        currency -> Text,
        time_zone -> Text,
        status -> Text,
        rights_version -> Int8,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        suspended_reason -> Nullable<Text>,
        business_overview -> Nullable<Text>,
        opening_hours -> Nullable<Text>,
        closing_hours -> Nullable<Text>,
        max_discount_pct -> Int4,
        return_refund_policy -> Nullable<Text>,
        sales_commission_pct -> Int4,
        payment_terms_days -> Int4,
        whatsapp_number -> Nullable<Text>,
        messenger -> Nullable<Text>,
        allowed_origins -> Array<Text>,
        prices_include_tax -> Bool,
        shipping_tax_rate -> Int4,
        auto_invoice -> Bool,
        low_stock_threshold -> Nullable<Int8>,
        reads_per_second -> Nullable<Int4>,
        writes_per_second -> Nullable<Int4>,
        uploads_per_second -> Nullable<Int4>,
        reports_per_second -> Nullable<Int4>,
    }
}

diesel::table! {
    users (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        username -> Text,
        email -> Nullable<Text>,
        role -> Text,
        password_hash -> Text,
        disabled -> Bool,
        rights_version -> Int8,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        must_change_password -> Bool,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    roles (tenant_id, name) {
        tenant_id -> Uuid,
        name -> Text,
        permissions -> Array<Text>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    api_keys (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        name -> Text,
        permissions -> Array<Text>,
        secret_sha256 -> Bytea,
        created_by -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sessions (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        user_id -> Uuid,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        last_seen_at -> Timestamptz,
        latest_end -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    refresh_tokens (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        session_id -> Uuid,
        secret_sha256 -> Bytea,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        successor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    session_events (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        user_id -> Nullable<Uuid>,
        username -> Nullable<Text>,
        session_id -> Nullable<Uuid>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        order_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    data_keys (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        master_key_id -> Text,
        wrapped -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    second_factors (tenant_id, user_id) {
        tenant_id -> Uuid,
        user_id -> Uuid,
        totp_secret -> Bytea,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> Int8,
        failures -> Int4,
        locked_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    recovery_codes (tenant_id, user_id, code_sha256) {
        tenant_id -> Uuid,
        user_id -> Uuid,
        code_sha256 -> Bytea,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    superadmin_refresh_tokens (id) {
        id -> Uuid,
        session_id -> Uuid,
        secret_sha256 -> Bytea,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        successor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    superadmins (id) {
        id -> Uuid,
        username -> Text,
        password_hash -> Text,
        totp_secret -> Bytea,
        last_totp_step -> Int8,
        disabled -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        failures -> Int4,
        locked_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    superadmin_sessions (id) {
        id -> Uuid,
        superadmin_id -> Uuid,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        last_seen_at -> Timestamptz,
        latest_end -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    platform_data_keys (id) {
        id -> Uuid,
        master_key_id -> Text,
        wrapped -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    products (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        sku -> Text,
        name -> Text,
        description -> Nullable<Text>,
        barcode -> Nullable<Text>,
        currency -> Text,
        price_minor -> Int8,
        tax_rate -> Int4,
        low_stock_threshold -> Nullable<Int8>,
        attributes -> Jsonb,
        active -> Bool,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    stock (tenant_id, product_id) {
        tenant_id -> Uuid,
        product_id -> Uuid,
        on_hand -> Int8,
        unfulfilled -> Int8,
        value_minor -> Int8,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    stock_movements (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        product_id -> Uuid,
        kind -> Text,
        quantity -> Int8,
        unit_cost_minor -> Int8,
        value_minor -> Int8,
        on_hand_after -> Int8,
        value_after_minor -> Int8,
        order_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        return_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    jobs (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        payload_version -> Int4,
        payload -> Jsonb,
        unique_key -> Nullable<Text>,
        state -> Text,
        run_at -> Timestamptz,
        attempts -> Int4,
        max_attempts -> Int4,
        fence -> Int8,
        worker -> Nullable<Text>,
        lease_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    schedules (tenant_id, kind) {
        tenant_id -> Uuid,
        kind -> Text,
        cron -> Text,
        next_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    events (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        data -> Jsonb,
        created_at -> Timestamptz,
        heard -> Bool,
    }
}

diesel::table! {
    chores (name) {
        name -> Text,
        next_at -> Timestamptz,
    }
}

diesel::table! {
    order_counters (tenant_id) {
        tenant_id -> Uuid,
        last_number -> Int8,
    }
}

diesel::table! {
    orders (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        number -> Int8,
        status -> Text,
        channel -> Text,
        external_reference -> Nullable<Text>,
        currency -> Text,
        subtotal_minor -> Int8,
        tax_minor -> Int8,
        total_minor -> Int8,
        cost_minor -> Int8,
        note -> Nullable<Text>,
        created_by -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        ordered_at -> Timestamptz,
        customer_id -> Nullable<Uuid>,
        customer -> Nullable<Jsonb>,
        customer_email -> Nullable<Text>,
        billing_address -> Nullable<Jsonb>,
        shipping_address -> Nullable<Jsonb>,
        sales_person_id -> Nullable<Uuid>,
        commission_rate -> Int4,
        prices_include_tax -> Bool,
        discount_minor -> Int8,
        shipping_minor -> Int8,
        shipping_tax_minor -> Int8,
        shipping_tax_rate -> Int4,
        invoiced_on -> Nullable<Date>,
        due_date -> Nullable<Date>,
        cancelled_at -> Nullable<Timestamptz>,
        credited_minor -> Int8,
        paid_minor -> Int8,
        refunded_minor -> Int8,
        fulfilment_status -> Text,
        erp_synced -> Bool,
        due_minor -> Int8,
        payment_status -> Text,
        state -> Text,
    }
}

diesel::table! {
    order_lines (tenant_id, order_id, position) {
        tenant_id -> Uuid,
        order_id -> Uuid,
        position -> Int4,
        id -> Uuid,
        product_id -> Uuid,
        sku -> Text,
        name -> Text,
        quantity -> Int8,
        unit_price_minor -> Int8,
        tax_rate -> Int4,
        net_minor -> Int8,
        tax_minor -> Int8,
        cost_minor -> Int8,
        discount_pct -> Int4,
        discount_minor -> Int8,
        returned_quantity -> Int8,
        returned_unfulfilled -> Int8,
        restocked_minor -> Int8,
    }
}

diesel::table! {
    customers (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        company -> Nullable<Text>,
        phone -> Nullable<Text>,
        billing_address -> Nullable<Jsonb>,
        shipping_address -> Nullable<Jsonb>,
        payment_terms_days -> Nullable<Int4>,
        note -> Nullable<Text>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    invoice_counters (tenant_id, kind) {
        tenant_id -> Uuid,
        kind -> Text,
        last_number -> Int8,
    }
}

diesel::table! {
    invoices (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        kind -> Text,
        number -> Int8,
        date -> Date,
        due_date -> Nullable<Date>,
        customer -> Nullable<Jsonb>,
        billing_address -> Nullable<Jsonb>,
        lines -> Jsonb,
        totals -> Jsonb,
        created_by -> Uuid,
        created_at -> Timestamptz,
        goods -> Jsonb,
    }
}

diesel::table! {
    product_daily_sales (tenant_id, date, product_id, kind) {
        tenant_id -> Uuid,
        date -> Date,
        product_id -> Uuid,
        kind -> Text,
        quantity -> Numeric,
        net_minor -> Numeric,
        discount_minor -> Numeric,
        cost_minor -> Numeric,
    }
}

diesel::table! {
    payments (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        kind -> Text,
        amount_minor -> Int8,
        method -> Text,
        reference -> Nullable<Text>,
        received_at -> Timestamptz,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    fulfilments (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        carrier -> Text,
        tracking_number -> Text,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_keys (tenant_id, scope_sha256) {
        tenant_id -> Uuid,
        scope_sha256 -> Bytea,
        request_sha256 -> Bytea,
        status -> Int2,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Bytea,
        created_at -> Timestamptz,
        person_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    fulfilment_lines (tenant_id, fulfilment_id, order_line_id) {
        tenant_id -> Uuid,
        fulfilment_id -> Uuid,
        order_line_id -> Uuid,
        quantity -> Int8,
    }
}

diesel::table! {
    accounts (tenant_id, code) {
        tenant_id -> Uuid,
        code -> Text,
        name -> Text,
        kind -> Text,
        system -> Bool,
        control -> Bool,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    journal_counters (tenant_id) {
        tenant_id -> Uuid,
        last_number -> Int8,
    }
}

diesel::table! {
    closed_months (tenant_id, month) {
        tenant_id -> Uuid,
        month -> Date,
        closed_by -> Uuid,
        closed_at -> Timestamptz,
    }
}

diesel::table! {
    journal_entries (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        number -> Int8,
        date -> Date,
        currency -> Text,
        memo -> Text,
        source -> Text,
        source_id -> Nullable<Uuid>,
        reverses -> Nullable<Uuid>,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    journal_lines (tenant_id, entry_number, position) {
        tenant_id -> Uuid,
        entry_number -> Int8,
        position -> Int4,
        account -> Text,
        date -> Date,
        amount_minor -> Int8,
        memo -> Nullable<Text>,
    }
}

diesel::table! {
    account_daily_totals (tenant_id, date, account) {
        tenant_id -> Uuid,
        account -> Text,
        date -> Date,
        amount_minor -> Numeric,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    tenants,
    users,
    roles,
    sessions,
    refresh_tokens,
    session_events,
    products,
    stock,
    stock_movements,
    orders,
    order_lines,
    accounts,
    journal_entries,
    journal_lines,
    customers,
    invoice_counters,
    invoices,
    payments,
    fulfilments,
    fulfilment_lines,
    returns,
    return_lines
);
diesel::allow_tables_to_appear_in_same_query!(superadmins, superadmin_sessions, superadmin_refresh_tokens);
diesel::allow_tables_to_appear_in_same_query!(platform_audit_log, tenants);
diesel::allow_tables_to_appear_in_same_query!(imports, jobs);
diesel::allow_tables_to_appear_in_same_query!(events, webhook_deliveries);
diesel::allow_tables_to_appear_in_same_query!(erp_syncs, orders);
diesel::allow_tables_to_appear_in_same_query!(erp_secrets, tenants);
