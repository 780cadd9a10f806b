//! What a callback may change: a table of what ERPs say, by how far it goes, and the rules that keep late, replayed
//! and contradicting ones from changing anything wrongly.
//!
//! Callbacks come in any order and more than once, and nothing in them says when they were written. So a status is
//! only replaced by one of a higher rank; a word that is not in the table has the lowest, and replaces others like
//! it unless it was said before.

use countinghouse_contract::erp::{ErpCallbackOutcome, ErpSyncStatus};

/// The words that are known, the earliest first.
const RANKS: [&[&str]; 6] = [
    &["received", "queued", "pending", "new", "created"],
    &["accepted", "acknowledged", "imported", "confirmed"],
    &["processing", "in_progress", "picking", "packed"],
    &["shipped", "dispatched", "sent", "fulfilled"],
    &["delivered", "completed", "complete", "closed", "done"],
    &["cancelled", "canceled", "returned", "rejected", "refused", "failed", "error"],
];

/// The ERP has seen the order and does not have it.
const REFUSALS: [&str; 4] = ["rejected", "refused", "failed", "error"];

/// 0 for a word that is not known.
fn rank(status: &str) -> usize {
    let word = word(status);
    RANKS.iter().zip(1..).find(|(words, _)| words.contains(&word.as_str())).map_or(0, |(_, rank)| rank)
}

fn word(status: &str) -> String {
    status.trim().to_lowercase().replace([' ', '-'], "_")
}

/// What is known of a version of an order.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub status: ErpSyncStatus,
    /// Whether the ERP was ever told.
    pub sent: bool,
    pub reference: Option<&'a str>,
    pub erp_status: Option<&'a str>,
}

/// What a callback says of it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub reference: Option<&'a str>,
    pub status: Option<&'a str>,
    /// It is of this version and no other: its key was named, or the ERP knows none but this.
    pub of_version: bool,
    /// The very same was taken before.
    pub before: bool,
}

/// How an outcome that nobody knew is known now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Success,
    Failed,
}

/// What comes of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: ErpCallbackOutcome,
    pub takes_reference: bool,
    pub takes_status: bool,
    pub settles: Option<Settled>,
    /// The order was accepted, and is refused afterwards.
    pub refused_later: bool,
}

impl Verdict {
    const UNCHANGED: Self = Self {
        outcome: ErpCallbackOutcome::Unchanged,
        takes_reference: false,
        takes_status: false,
        settles: None,
        refused_later: false,
    };
}

pub fn judge(known: Known<'_>, told: Told<'_>) -> Verdict {
    if known.reference.zip(told.reference).is_some_and(|(known, told)| known != told) {
        return Verdict { outcome: ErpCallbackOutcome::Contradicts, ..Verdict::UNCHANGED };
    }
    if told.before || !known.sent {
        return Verdict::UNCHANGED;
    }
    let refuses = told.status.is_some_and(|status| REFUSALS.contains(&word(status).as_str()));
    let takes_reference = known.reference.is_none() && told.reference.is_some();
    let takes_status = told.status.is_some_and(|told| known.erp_status.is_none_or(|known| goes_on(known, told)));
    let settles = match known.status {
        ErpSyncStatus::Pending | ErpSyncStatus::Queued if told.of_version && refuses => Some(Settled::Failed),
        ErpSyncStatus::Pending | ErpSyncStatus::Queued | ErpSyncStatus::Failed if told.of_version && !refuses => {
            Some(Settled::Success)
        }
        // While it is sent, whoever sends it sees what came meanwhile.
        _ => None,
    };
    let outcome = match settles {
        Some(_) => ErpCallbackOutcome::Settled,
        None if takes_reference || takes_status => ErpCallbackOutcome::Applied,
        None => ErpCallbackOutcome::Unchanged,
    };
    let refused_later = takes_status && refuses && known.status == ErpSyncStatus::Success;
    Verdict { outcome, takes_reference, takes_status, settles, refused_later }
}

fn goes_on(known: &str, told: &str) -> bool {
    match (rank(known), rank(told)) {
        (0, 0) => known != told,
        (known, told) => told > known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErpCallbackOutcome::{Applied, Contradicts, Settled as SettledIt, Unchanged};
    use ErpSyncStatus::{Discarded, Failed, InProgress, Pending, Queued, Success};

    const KNOWN: Known<'static> =
        Known { status: Success, sent: true, reference: Some("E1"), erp_status: Some("accepted") };
    const TOLD: Told<'static> =
        Told { reference: Some("E1"), status: Some("shipped"), of_version: true, before: false };

    #[test]
    fn a_status_goes_forward_and_never_back() {
        let after = |known: &str, told: &str| {
            let known = Known { erp_status: Some(known), ..KNOWN };
            judge(known, Told { status: Some(told), ..TOLD }).takes_status
        };
        for words in RANKS.windows(2) {
            for (earlier, later) in words[0].iter().flat_map(|one| words[1].iter().map(move |other| (one, other))) {
                assert!(after(earlier, later) && !after(later, earlier), "{earlier} {later}");
            }
        }
        assert!(!after("shipped", "shipped") && !after("shipped", "dispatched") && !after("shipped", " Shipped "));
        assert!(after("in the oven", "received") && !after("received", "in the oven"));
        // Nobody knows which is later; what was said before is not said again.
        assert!(after("in the oven", "on the table"));
        assert!(!after("in the oven", "in the oven"));
        assert!(after("Accepted", "IN-PROGRESS"));
    }

    #[test]
    fn what_was_said_before_changes_nothing() {
        for status in [Pending, Queued, InProgress, Success, Failed, Discarded] {
            let known = Known { status, reference: None, erp_status: None, ..KNOWN };
            assert_eq!(judge(known, Told { before: true, ..TOLD }), Verdict::UNCHANGED, "{status:?}");
        }
    }

    #[test]
    fn another_reference_contradicts_and_changes_nothing() {
        let verdict = judge(KNOWN, Told { reference: Some("E2"), ..TOLD });
        assert_eq!(verdict, Verdict { outcome: Contradicts, ..Verdict::UNCHANGED });
    }

    #[test]
    fn what_the_erp_knows_is_a_success_and_what_it_refuses_is_not() {
        let judged = |status, word| {
            let verdict = judge(
                Known { status, reference: None, erp_status: None, ..KNOWN },
                Told { status: Some(word), ..TOLD },
            );
            (verdict.outcome, verdict.settles)
        };
        for status in [Pending, Queued, Failed] {
            assert_eq!(judged(status, "accepted"), (SettledIt, Some(Settled::Success)), "{status:?}");
            assert_eq!(judged(status, "in the oven"), (SettledIt, Some(Settled::Success)), "{status:?}");
        }
        assert_eq!(judged(Pending, "Rejected"), (SettledIt, Some(Settled::Failed)));
        for status in [InProgress, Success, Discarded] {
            assert_eq!(judged(status, "accepted"), (Applied, None), "{status:?}");
        }
        assert_eq!(judged(Failed, "rejected"), (Applied, None));
        assert!(judge(KNOWN, Told { status: Some("rejected"), ..TOLD }).refused_later);
    }

    #[test]
    fn what_may_be_of_another_version_or_of_none_settles_nothing() {
        let known = Known { status: Pending, reference: None, erp_status: None, ..KNOWN };
        assert_eq!(judge(known, Told { of_version: false, ..TOLD }).settles, None);
        assert_eq!(judge(Known { sent: false, ..known }, TOLD).outcome, Unchanged);
    }
}
