//! Reports on the books.

use crate::{ClientError, Session};
use chrono::NaiveDate;
use countinghouse_contract::{
    dashboard::Dashboard,
    reports::{BalanceSheet, ProfitLoss, ProfitLossQuery},
};

impl Session {
    /// What was earned from the first of these days to the last.
    ///
    /// # Errors
    /// The problem `invalid_request` when they are in the wrong order.
    pub async fn profit_loss(&self, days: &ProfitLossQuery) -> Result<ProfitLoss, ClientError> {
        self.call(self.client().list("/reports/profit-loss", days)?).await
    }

    /// What is owned and owed at the end of a day.
    ///
    /// # Errors
    /// The problem `permission_denied`.
    pub async fn balance_sheet(&self, as_of: NaiveDate) -> Result<BalanceSheet, ClientError> {
        self.call(self.client().list("/reports/balance-sheet", &[("as_of", as_of)])?).await
    }

    /// How the client is doing.
    ///
    /// # Errors
    /// The problem `permission_denied`.
    pub async fn dashboard(&self) -> Result<Dashboard, ClientError> {
        self.call(self.client().get("/reports/dashboard")).await
    }
}
