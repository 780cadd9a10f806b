//! The token of a preview: good for one person, one order, one body, and as long as nothing that was shown
//! is another.

use super::{
    super::super::{
        error::OrderError,
        model::{Draft, Drafted, Order},
    },
    request::Request,
};
use crate::platform::{
    crypto::{Stamps, sha256},
    db::TenantTx,
    http::Invalid,
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// How long somebody may look at a preview.
const LIFETIME: Duration = Duration::minutes(15);

const VERSION: usize = 8;
const EXPIRES: usize = 8;
const DIGEST: usize = 32;
const PAYLOAD: usize = VERSION + EXPIRES + 2 * DIGEST;

/// What somebody saw, and until when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    version: i64,
    pub expires_at: DateTime<Utc>,
    body: [u8; DIGEST],
    figures: [u8; DIGEST],
}

impl Seen {
    pub fn of(tx: &TenantTx<'_>, order: &Order, request: &Request, drafted: &Drafted) -> Self {
        let expires_at = chrono::SubsecRound::trunc_subsecs(tx.now() + LIFETIME, 0);
        Self { version: order.version, expires_at, body: request.digest, figures: figures(order, drafted) }
    }

    pub fn token(&self, stamps: &Stamps, tx: &TenantTx<'_>, order: &Order) -> String {
        let numbers = [self.version.to_be_bytes(), self.expires_at.timestamp().to_be_bytes()].concat();
        stamps.write(&made_for(tx, order), &[numbers, self.body.to_vec(), self.figures.to_vec()].concat())
    }

    /// What the caller saw before they sent this body: refused when it is not theirs or of another edit, and
    /// when the order is another since.
    pub fn read(
        stamps: &Stamps,
        tx: &TenantTx<'_>,
        order: &Order,
        request: &Request,
        token: &str,
    ) -> Result<Self, OrderError> {
        let payload = stamps.read::<PAYLOAD>(&made_for(tx, order), token);
        let seen = payload.and_then(|payload| Self::parse(&payload)).filter(|seen| seen.body == request.digest);
        let Some(seen) = seen else {
            let mut invalid = Invalid::default();
            let rule = "No token of yours for this edit: preview just this body, and send it again with its token.";
            invalid.add("/X-Edit-Token", "invalid_edit_token", rule);
            return Err(invalid.into());
        };
        if seen.version != order.version || seen.expires_at <= tx.now() {
            return Err(OrderError::EditChanged);
        }
        Ok(seen)
    }

    /// Refuses what is priced otherwise than it was seen.
    pub fn check(&self, order: &Order, drafted: &Drafted) -> Result<(), OrderError> {
        if self.figures == figures(order, drafted) { Ok(()) } else { Err(OrderError::EditChanged) }
    }

    fn parse(payload: &[u8; PAYLOAD]) -> Option<Self> {
        let (version, rest) = payload.split_first_chunk::<VERSION>()?;
        let (expires, rest) = rest.split_first_chunk::<EXPIRES>()?;
        let (body, figures) = rest.split_first_chunk::<DIGEST>()?;
        Some(Self {
            version: i64::from_be_bytes(*version),
            expires_at: DateTime::from_timestamp(i64::from_be_bytes(*expires), 0)?,
            body: *body,
            figures: figures.try_into().ok()?,
        })
    }
}

fn made_for(tx: &TenantTx<'_>, order: &Order) -> String {
    format!("{} {} {}", tx.tenant_id(), tx.actor().user_id, order.id)
}

/// All that is shown of an edit, but for the ids of new lines and what goods cost, which may move.
fn figures(order: &Order, drafted: &Drafted) -> [u8; DIGEST] {
    let stands = order.lines_by_id();
    let line = |draft: &Draft| {
        json!([
            stands.contains_key(&draft.id).then_some(draft.id),
            draft.product,
            draft.asked.quantity,
            draft.asked.unit_price,
            draft.asked.discount_pct.0,
            draft.asked.tax_rate.0,
            draft.amounts.discount,
            draft.amounts.net,
            draft.amounts.tax,
        ])
    };
    let (shipping, buyer) = (&drafted.shipping, &drafted.buyer);
    let shown = json!([
        drafted.lines.iter().map(line).collect::<Vec<_>>(),
        [shipping.amounts.net, shipping.amounts.tax, i64::from(shipping.tax_rate.0)],
        buyer.customer,
        buyer.contact,
        buyer.billing_address,
        buyer.shipping_address,
        drafted.note,
    ]);
    sha256(shown.to_string().as_bytes())
}
