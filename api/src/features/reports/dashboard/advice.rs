//! What a dashboard's figures suggest: what to buy, which prices to look at, and whether discounts keep to the policy.

use countinghouse_contract::dashboard::{
    DiscountsPanel, InventoryPanel, ProductSales, Recommendations, Reorder, RunningOut, SalesPanel, SoldAtLoss,
};

pub fn advise(sales: &SalesPanel, inventory: &InventoryPanel, discounts: &DiscountsPanel) -> Recommendations {
    Recommendations {
        reorder: inventory.running_out.iter().filter_map(reorder).collect(),
        review_prices: sales.bottom_skus.as_ref().map(|skus| skus.iter().filter_map(sold_at_loss).collect()),
        review_discounts: discounts.orders_above_cap > 0,
    }
}

/// As much as sold in 30 days is to be there again.
fn reorder(row: &RunningOut) -> Option<Reorder> {
    let quantity = row.units_sold.saturating_sub(row.on_hand);
    (quantity > 0).then(|| Reorder {
        product_id: row.product_id,
        sku: row.sku.clone(),
        name: row.name.clone(),
        quantity,
    })
}

/// Where more was credited than sold, the loss says nothing of the price.
fn sold_at_loss(row: &ProductSales) -> Option<SoldAtLoss> {
    let loss = row.gross_profit.filter(|profit| profit.is_negative() && row.units_sold > 0)?;
    Some(SoldAtLoss { product_id: row.product_id, sku: row.sku.clone(), name: row.name.clone(), gross_profit: loss })
}
