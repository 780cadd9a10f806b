//! The tables of pictures. All but one are spoken to in SQL's own words; the guards hold them against the database.

diesel::table! {
    image_files (tenant_id, sha256) {
        tenant_id -> Uuid,
        sha256 -> Bytea,
        bytes -> Int8,
        touched_at -> Timestamptz,
        generation -> Int8,
    }
}

diesel::table! {
    image_files_leaving (tenant_id, sha256, generation) {
        tenant_id -> Uuid,
        sha256 -> Bytea,
        generation -> Int8,
        taken -> Bool,
        due_at -> Timestamptz,
    }
}

diesel::table! {
    product_images (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        product_id -> Uuid,
        sha256 -> Bytea,
        bytes -> Int8,
        format -> Text,
        width -> Int4,
        height -> Int4,
        original_sha256 -> Bytea,
        display_sha256 -> Bytea,
        created_by -> Uuid,
        created_at -> Timestamptz,
        original_generation -> Int8,
        display_generation -> Int8,
    }
}

/// What pgvector calls a vector of half-precision numbers; it is only read and written in SQL's own words.
#[derive(Debug, Clone, Copy, Default, diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "halfvec"))]
pub struct Halfvec;

diesel::table! {
    use diesel::sql_types::*;
    use super::Halfvec;

    image_vectors (tenant_id, model, image_id) {
        tenant_id -> Uuid,
        model -> Text,
        image_id -> Uuid,
        product_id -> Uuid,
        vector -> Halfvec,
    }
}

diesel::table! {
    image_indexes (tenant_id) {
        tenant_id -> Uuid,
        model -> Text,
        since -> Timestamptz,
    }
}
