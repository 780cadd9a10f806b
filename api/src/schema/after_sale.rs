//! The tables of goods that came back.

diesel::table! {
    returns (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        credit_note_id -> Uuid,
        credits_shipping -> Bool,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    return_lines (tenant_id, return_id, position) {
        tenant_id -> Uuid,
        return_id -> Uuid,
        position -> Int4,
        order_line_id -> Uuid,
        quantity -> Int8,
        unfulfilled -> Int8,
        restocked -> Bool,
        cost_minor -> Int8,
        reason -> Nullable<Text>,
    }
}
