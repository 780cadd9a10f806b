//! What can go wrong with orders.

use crate::{
    features::{
        accounting::AccountingError,
        identity::SecondFactorError,
        inventory::{INSUFFICIENT_STOCK, InventoryError, Shortage},
    },
    platform::{
        authz::Permission,
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};
use countinghouse_contract::{Decimal, OrderId, OrderLineId, ProductId, money::MoneyError};
use serde_json::json;

pub const DUPLICATE_REFERENCE: Kind = Kind::new(
    409,
    "duplicate_reference",
    "This order exists already",
    "An order of this channel has the external_reference already; order_id names it. It is most likely \
     the same order, sent twice: use the one that is there.",
);
pub const ALREADY_INVOICED: Kind = Kind::new(
    409,
    "already_invoiced",
    "The order is invoiced already",
    "The order has an invoice, and an order has one at a time. GET /orders/{id}/invoices shows it.",
);
pub const NOT_INVOICED: Kind = Kind::new(
    409,
    "not_invoiced",
    "The order is not invoiced",
    "The order has no invoice yet, and money is booked against invoices. Issue it first with POST \
     /orders/{id}/invoice.",
);
pub const NOTHING_TO_FULFIL: Kind = Kind::new(
    409,
    "nothing_to_fulfil",
    "Nothing is left to fulfil",
    "Everything of this order has left already, or the order was cancelled. Look at fulfilments of the \
     order.",
);
pub const FULFILMENT_EXCEEDS_ORDERED: Kind = Kind::new(
    409,
    "fulfilment_exceeds_ordered",
    "That is more than is left to fulfil",
    "More units of a line were to leave than are left of it. lines says how many are left of each; \
     nothing was fulfilled.",
);

pub const ORDER_NOT_EDITABLE: Kind = Kind::new(
    409,
    "order_not_editable",
    "The order can not be changed any more",
    "Something of the order was fulfilled or returned already, or the order was cancelled, so it stays as it \
     is. Take goods back with a return, and sell others with a new order.",
);
pub const ORDER_CANCELLED: Kind = Kind::new(
    409,
    "order_cancelled",
    "The order was cancelled",
    "The order was cancelled, and its goods are back in stock: there is nothing to invoice. Place a new order.",
);
pub const EDIT_CHANGED: Kind = Kind::new(
    409,
    "edit_changed",
    "The edit is no longer what was previewed",
    "Since the preview the order, a price or a tax has changed, or the token has become too old. Nothing was \
     done: preview the edit again with POST /orders/{id}/edits/preview, and look at it once more.",
);

#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such order")]
    NotFound,
    #[error("{} products are short", .0.len())]
    Insufficient(Vec<Short>),
    #[error("an order of this channel has the reference already")]
    DuplicateReference(OrderId),
    #[error("the order has an invoice")]
    AlreadyInvoiced,
    #[error("the order has no invoice")]
    NotInvoiced,
    /// With what is due.
    #[error("the payment is more than is due")]
    Overpaid(Decimal),
    /// With what the customer is owed.
    #[error("the refund is more than the customer is owed")]
    OverRefunded(Decimal),
    #[error("nothing is left to fulfil")]
    NothingToFulfil,
    /// Lines with what was asked for, and what is left of them.
    #[error("{} lines have less left", .0.len())]
    FulfilsMoreThanIsLeft(Vec<(OrderLineId, i64, i64)>),
    #[error("the order can not be changed any more")]
    NotEditable,
    #[error("the order was cancelled")]
    Cancelled,
    #[error("the edit is no longer what was previewed")]
    EditChanged,
    #[error("the caller has seen another version")]
    VersionMismatch(ApiError),
    #[error("the sales person is nobody of the client's")]
    NoSuchSalesPerson,
    #[error("this needs the permission {0}")]
    Forbidden(Permission),
    /// The order would be worth more than the bounds of the contract allow.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error(transparent)]
    Accounting(#[from] AccountingError),
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A product that is short, named as people know it.
#[derive(Debug)]
pub struct Short {
    pub sku: String,
    pub shortage: Shortage,
}

impl OrderError {
    /// Some products are short; `sku` knows how people call them.
    pub fn insufficient(short: Vec<Shortage>, sku: impl Fn(ProductId) -> Option<String>) -> Self {
        let named = |shortage: Shortage| Short { sku: sku(shortage.product).unwrap_or_default(), shortage };
        Self::Insufficient(short.into_iter().map(named).collect())
    }
}

impl From<Invalid> for OrderError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<OrderError> for ApiError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Invalid(invalid) => invalid.into(),
            OrderError::NotFound => Self::not_found(),
            OrderError::Insufficient(short) => insufficient(&short),
            OrderError::DuplicateReference(order) => DUPLICATE_REFERENCE
                .with("An order of this channel has this external_reference; order_id names it.")
                .with_member("order_id", order.to_string()),
            OrderError::AlreadyInvoiced => ALREADY_INVOICED.with("An order has one invoice at a time."),
            OrderError::NotInvoiced => NOT_INVOICED.with("Issue its invoice first."),
            OrderError::Overpaid(due) => single("/amount", "overpaid", format!("At most {due} is due.")),
            OrderError::OverRefunded(owed) => {
                single("/amount", "over_refunded", format!("The customer is owed {owed} at most."))
            }
            OrderError::NothingToFulfil => NOTHING_TO_FULFIL.with("Everything has left, or the order was cancelled."),
            OrderError::FulfilsMoreThanIsLeft(lines) => exceeding(&lines),
            OrderError::NotEditable => {
                ORDER_NOT_EDITABLE.with("It was cancelled, or something of it was fulfilled or returned.")
            }
            OrderError::Cancelled => ORDER_CANCELLED.with("There is nothing left to invoice."),
            OrderError::EditChanged => EDIT_CHANGED.with("Nothing was done. Preview the edit again."),
            OrderError::VersionMismatch(error) => error,
            OrderError::NoSuchSalesPerson => single("/sales_person_id", "not_found", "There is no such user."),
            OrderError::Forbidden(permission) => Self::permission_denied(permission),
            OrderError::TooLarge(error) => single("/lines", "too_large", format!("The order is too large: {error}.")),
            // Goods of the order's lines that come back.
            OrderError::Inventory(InventoryError::TooMuch(too_much)) => too_much.at("/lines").into(),
            OrderError::Inventory(error) => error.into(),
            OrderError::Accounting(error) => error.into(),
            OrderError::SecondFactor(error) => error.into(),
            OrderError::NoRandomness(error) => error.into(),
            OrderError::Db(error) => error.into(),
        }
    }
}

fn single(pointer: &str, code: &str, detail: impl Into<String>) -> ApiError {
    let mut invalid = Invalid::default();
    invalid.add(pointer, code, detail);
    invalid.into()
}

fn exceeding(lines: &[(OrderLineId, i64, i64)]) -> ApiError {
    let named = |(line, requested, left): &(OrderLineId, i64, i64)| json!({"order_line_id": line, "requested": requested, "left": left});
    FULFILMENT_EXCEEDS_ORDERED
        .with("Nothing was fulfilled; lines says what is left of each.")
        .with_member("lines", lines.iter().map(named).collect::<Vec<_>>())
}

fn insufficient(short: &[Short]) -> ApiError {
    let products: Vec<_> = short
        .iter()
        .map(|Short { sku, shortage }| {
            json!({
                "product_id": shortage.product,
                "sku": sku,
                "requested": shortage.requested,
                "available": shortage.available,
            })
        })
        .collect();
    let named: Vec<_> = short
        .iter()
        .take(10)
        .map(|Short { sku, shortage }| format!("{sku} ({} of {})", shortage.available, shortage.requested))
        .collect();
    INSUFFICIENT_STOCK
        .with(format!("Nothing was done. Available: {}.", named.join(", ")))
        .with_member("products", products)
}
