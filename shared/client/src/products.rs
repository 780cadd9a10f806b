//! Calls on products and their stock.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    Page, ProductId,
    inventory::{Movement, MovementQuery, NewAdjustment},
    products::{NewProduct, Product, ProductQuery},
};

impl Session {
    /// Enters a product, with the stock that lies there already.
    ///
    /// # Errors
    /// The problem `sku_taken`.
    pub async fn create_product(&self, product: &NewProduct) -> Result<Product, ClientError> {
        self.call(self.client().post("/products", product)).await
    }

    /// One product.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn product(&self, id: ProductId) -> Result<Product, ClientError> {
        self.call(self.client().get(&format!("/products/{id}"))).await
    }

    /// One page of products, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn products(&self, query: &ProductQuery) -> Result<Page<Product>, ClientError> {
        self.call(self.client().list("/products", query)?).await
    }

    /// The products of all pages, from the query's cursor on.
    ///
    /// # Errors
    /// Those of [`Session::products`].
    pub async fn all_products(&self, query: &ProductQuery) -> Result<Vec<Product>, ClientError> {
        all_pages(query.cursor.clone(), |cursor| {
            let query = ProductQuery { cursor, ..query.clone() };
            async move { self.products(&query).await }
        })
        .await
    }

    /// Enters goods that were bought, spoilt, corrected or counted.
    ///
    /// # Errors
    /// The problems `insufficient_stock` and `period_closed`; `not_found` and `unit_cost_required`
    /// inside of `invalid_request`.
    pub async fn adjust_stock(&self, adjustment: &NewAdjustment) -> Result<Movement, ClientError> {
        self.call(self.client().post("/inventory/adjustments", adjustment)).await
    }

    /// One page of what moved stock, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn movements(&self, query: &MovementQuery) -> Result<Page<Movement>, ClientError> {
        self.call(self.client().list("/inventory/movements", query)?).await
    }
}
