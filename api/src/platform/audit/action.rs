//! What can be done, as the audit log calls it.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// `thing.what_happened`. As it is stored: never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name),*
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The action that is written so.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|action| action.as_str() == text).copied()
            }

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

actions! {
    /// A client, named by its id: the profile and policies, or the client as superadmins see it.
    ClientCreated = "client.created",
    ClientChanged = "client.changed",
    ClientSuspended = "client.suspended",
    ClientResumed = "client.resumed",
    /// A superadmin looked at its dashboard.
    ClientDashboardShown = "client.dashboard_shown",
    /// A superadmin looked at some list of it.
    ClientShown = "client.shown",
    UserCreated = "user.created",
    UserChanged = "user.changed",
    UserDeleted = "user.deleted",
    /// By the user; `user.password_reset` by somebody else.
    UserPasswordChanged = "user.password_changed",
    UserPasswordReset = "user.password_reset",
    UserSecondFactorEnrolled = "user.second_factor_enrolled",
    UserSecondFactorDisabled = "user.second_factor_disabled",
    /// By a superadmin, for somebody who has lost it.
    UserSecondFactorReset = "user.second_factor_reset",
    UserRecoveryCodesRenewed = "user.recovery_codes_renewed",
    SessionEnded = "session.ended",
    RoleCreated = "role.created",
    RoleChanged = "role.changed",
    RoleDeleted = "role.deleted",
    ApiKeyCreated = "api_key.created",
    ApiKeyRevoked = "api_key.revoked",
    ProductCreated = "product.created",
    ProductChanged = "product.changed",
    ProductArchived = "product.archived",
    ProductStockAdjusted = "product.stock_adjusted",
    /// A picture of a product was taken in, or out.
    ImageAdded = "image.added",
    ImageDeleted = "image.deleted",
    CustomerCreated = "customer.created",
    CustomerChanged = "customer.changed",
    /// The person is gone; what they bought stays.
    CustomerErased = "customer.erased",
    OrderCreated = "order.created",
    OrderInvoiced = "order.invoiced",
    OrderPaid = "order.paid",
    OrderRefunded = "order.refunded",
    OrderFulfilled = "order.fulfilled",
    OrderEdited = "order.edited",
    OrderCancelled = "order.cancelled",
    /// A superadmin looked at it.
    OrderShown = "order.shown",
    /// Goods of an order came back, and were credited.
    ReturnCreated = "return.created",
    /// A file was brought in, which a job reads.
    ImportCreated = "import.created",
    /// What came of it.
    ImportFinished = "import.finished",
    AccountCreated = "account.created",
    /// An entry of the journal, made by hand.
    JournalEntryPosted = "journal_entry.posted",
    JournalEntryReversed = "journal_entry.reversed",
    /// A month, written `2026-03`.
    PeriodClosed = "period.closed",
    PeriodReopened = "period.reopened",
    SuperadminCreated = "superadmin.created",
    SuperadminLoggedIn = "superadmin.logged_in",
    /// The password was right and the code was not.
    SuperadminLoginRefused = "superadmin.login_refused",
    SuperadminLoggedOut = "superadmin.logged_out",
    /// By a superadmin, whoever's it was.
    SuperadminSessionEnded = "superadmin.session_ended",
    /// A spent refresh token came back, which ended the session.
    SuperadminRefreshReused = "superadmin.refresh_reused",
    WebhookEndpointCreated = "webhook_endpoint.created",
    WebhookEndpointChanged = "webhook_endpoint.changed",
    WebhookEndpointDeleted = "webhook_endpoint.deleted",
    /// By the service: it is gone, or nothing has reached it for long.
    WebhookEndpointDisabled = "webhook_endpoint.disabled",
    WebhookEndpointSecretRotated = "webhook_endpoint.secret_rotated",
    WebhookEndpointTested = "webhook_endpoint.tested",
    /// What was sent to it is sent again.
    WebhookEndpointReplayed = "webhook_endpoint.replayed",
    /// Where the client's ERP is, and how it is treated.
    ErpConfigChanged = "erp_config.changed",
    /// Somebody wanted an order sent now; `erp_sync.forced` once more; `erp_sync.run` what waited for the cron.
    ErpSyncAsked = "erp_sync.asked",
    ErpSyncForced = "erp_sync.forced",
    ErpRun = "erp_sync.run",
    /// It was called, with what was given, to see how it answers.
    ErpConfigTested = "erp_config.tested",
    ErpSyncRetried = "erp_sync.retried",
    ErpSyncDiscarded = "erp_sync.discarded",
    /// A superadmin looked at what was sent and answered.
    ErpSyncShown = "erp_sync.shown",
    /// A superadmin had all that failed, or all that failed for some reason, sent again: `erp_sync.retry_asked` in the
    /// operator's log, and some of them at a time in the client's.
    ErpSyncRetryAsked = "erp_sync.retry_asked",
    ErpSyncsRetried = "erp_sync.many_retried",
    /// A superadmin let a dead job go again, or gave it up.
    JobRetried = "job.retried",
    JobDiscarded = "job.discarded",
    /// A superadmin looked at a list over all clients, which is named; once a session.
    ListShown = "list.shown",
    MasterKeyRotated = "master_key.rotated",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_of_their_form_and_different() {
        for (at, action) in Action::ALL.iter().enumerate() {
            let (thing, what) = action.as_str().split_once('.').expect("two parts");
            assert!([thing, what].iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
            assert!((1..=30).contains(&thing.len()) && (1..=40).contains(&what.len()), "{thing}.{what}");
            assert_eq!(Action::ALL.iter().position(|other| other.as_str() == action.as_str()), Some(at));
        }
    }
}
