//! Signed links, for browsers: they show a picture to whoever has them, for a day or two.
//!
//! A link says client, picture, size and until when, and is signed by a key of the service's own. Whether the
//! picture is still there, and its client not suspended, is looked at each time it is followed.

use crate::platform::{crypto::Stamps, db::KEPT};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ImageId, TenantId, images::ImageSize};
use uuid::Uuid;

/// A link is good for so long at least and for twice as long at most: made on one day it is the same, so that browsers
/// know a picture again. The answer to an upload is kept for as long, and whoever sends the upload again with its
/// `Idempotency-Key` gets a link that leads somewhere.
const GOOD_FOR: i64 = KEPT.num_seconds();
const MADE_FOR: &str = "a picture";
const LENGTH: usize = 16 + 16 + 1 + 8;

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    pub tenant: TenantId,
    pub image: ImageId,
    pub size: ImageSize,
    /// For how many seconds it is still good.
    pub good_for: u64,
}

/// Relative to the address of the service, which it does not know.
pub fn write(stamps: &Stamps, tenant: TenantId, image: ImageId, size: ImageSize, now: DateTime<Utc>) -> String {
    let seconds = now.timestamp();
    let until = seconds.saturating_sub(seconds.rem_euclid(GOOD_FOR)).saturating_add(2 * GOOD_FOR);
    let size = match size {
        ImageSize::Original => b'o',
        ImageSize::Display => b'd',
    };
    let payload = [&tenant.0.as_bytes()[..], &image.0.as_bytes()[..], &[size], until.to_be_bytes().as_slice()].concat();
    format!("/api/v1/images/{}", stamps.write(MADE_FOR, &payload))
}

/// What the last part of a link leads to, if we made it and it is still good.
pub fn read(stamps: &Stamps, text: &str, now: DateTime<Utc>) -> Option<Linked> {
    let payload = stamps.read::<LENGTH>(MADE_FOR, text)?;
    let (tenant, rest) = payload.split_first_chunk::<16>()?;
    let (image, rest) = rest.split_first_chunk::<16>()?;
    let (size, until) = rest.split_first()?;
    let size = match size {
        b'o' => ImageSize::Original,
        b'd' => ImageSize::Display,
        _ => return None,
    };
    let left = i64::from_be_bytes(until.try_into().ok()?).saturating_sub(now.timestamp());
    let good_for = u64::try_from(left).ok().filter(|left| *left > 0)?;
    let (tenant, image) = (TenantId(Uuid::from_bytes(*tenant)), ImageId(Uuid::from_bytes(*image)));
    Some(Linked { tenant, image, size, good_for })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    fn keys(letters: &[u8]) -> Stamps {
        let keys: Vec<_> = letters.iter().map(|letter| [*letter; 32]).collect();
        Stamps::of_ring(keys.iter(), "links")
    }

    #[test]
    fn a_link_leads_to_one_size_of_one_picture_for_a_while() {
        let (tenant, image) = (TenantId(Uuid::from_u128(1)), ImageId(Uuid::from_u128(2)));
        let now = "2026-11-27T10:59:00Z".parse::<DateTime<Utc>>().unwrap();
        let url = write(&keys(&[1]), tenant, image, ImageSize::Display, now);
        let text = url.strip_prefix("/api/v1/images/").unwrap();
        let linked = Linked { tenant, image, size: ImageSize::Display, good_for: 37 * 3600 + 60 };
        assert_eq!(read(&keys(&[1]), text, now), Some(linked));
        assert_eq!(read(&keys(&[2, 1]), text, now), Some(linked));
        assert_eq!(read(&keys(&[2]), text, now), None);
        // The same on that day, another afterwards, and good for nothing in the end.
        assert_eq!(write(&keys(&[1]), tenant, image, ImageSize::Display, now - Duration::minutes(10 * 60 + 59)), url);
        assert_ne!(write(&keys(&[1]), tenant, image, ImageSize::Display, now + Duration::minutes(13 * 60 + 1)), url);
        assert_eq!(read(&keys(&[1]), text, now + Duration::minutes(37 * 60 + 1)), None);
        let changed = text.replacen(|c| c != 'x', "x", 1);
        assert_eq!(read(&keys(&[1]), &changed, now), None);
        let original = write(&keys(&[1]), tenant, image, ImageSize::Original, now);
        assert_eq!(read(&keys(&[1]), original.rsplit('/').next().unwrap(), now).unwrap().size, ImageSize::Original);
    }
}
