//! The tables of imports.

diesel::table! {
    imports (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        format -> Text,
        mode -> Text,
        dry_run -> Bool,
        date -> Nullable<Date>,
        status -> Text,
        bytes -> Int8,
        rows_checked -> Int8,
        rows_written -> Int8,
        rows_refused -> Int8,
        errors_found -> Int8,
        through_line -> Int8,
        job_id -> Uuid,
        created_by -> Uuid,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    import_chunks (tenant_id, import_id, position) {
        tenant_id -> Uuid,
        import_id -> Uuid,
        position -> Int4,
        bytes -> Bytea,
    }
}

diesel::table! {
    import_errors (tenant_id, import_id, number) {
        tenant_id -> Uuid,
        import_id -> Uuid,
        number -> Int8,
        line -> Nullable<Int8>,
        column_name -> Nullable<Text>,
        code -> Text,
        detail -> Text,
    }
}
