//! Recovery codes: for whoever has lost their authenticator app. Ten at a time, each good once.

use super::second_factor::Who;
use crate::platform::{
    crypto::sha256,
    ids::{Ids, NoRandomness},
};
use totp_rs::Secret;

/// How many there are at a time.
const COUNT: usize = 10;

/// Letters and digits of one: 80 random bits in base32 (RFC 4648).
const LENGTH: usize = 16;

/// New codes, as they are shown this once: `ABCD-EFGH-IJKL-MNOP`.
pub fn make(ids: &Ids) -> Result<Vec<String>, NoRandomness> {
    (0..COUNT)
        .map(|_| {
            let letters: Vec<char> = Secret::from(ids.random_bytes::<10>()?.as_slice()).to_base32().chars().collect();
            Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
        })
        .collect()
}

/// As it is kept, whatever the case and grouping it was typed in; `None` when it is not of the form.
pub fn hash(who: Who, code: &str) -> Option<[u8; 32]> {
    let plain = code.chars().filter(|c| *c != '-' && *c != ' ').map(|c| c.to_ascii_uppercase());
    let plain: String = plain.take(LENGTH + 1).collect();
    let of_form = plain.len() == LENGTH && plain.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
    of_form.then(|| sha256(&[who.tenant.0.as_bytes(), who.user.0.as_bytes(), plain.as_bytes()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use countinghouse_contract::{TenantId, UserId};
    use std::{collections::HashSet, sync::Arc};
    use uuid::Uuid;

    const WHO: Who = Who { tenant: TenantId(Uuid::nil()), user: UserId(Uuid::max()) };

    #[test]
    fn ten_different_ones_are_made_and_recognised_however_they_are_typed() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let codes = make(&ids).unwrap();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
        for code in &codes {
            assert_eq!(code.len(), 19);
            let kept = hash(WHO, code);
            assert!(kept.is_some());
            for typed in [code.to_lowercase(), code.replace('-', ""), code.replace('-', " "), format!(" {code} ")] {
                assert_eq!(hash(WHO, &typed), kept, "{typed}");
            }
            assert_ne!(hash(Who { user: UserId(Uuid::nil()), ..WHO }, code), kept);
        }
    }

    #[test]
    fn what_is_no_recovery_code_has_no_hash() {
        for wrong in
            ["", "123456", "ABCD-EFGH-IJKL-MNO", "ABCD-EFGH-IJKL-MNOPQ", "ABCD-EFGH-IJKL-MNO1", "ÄBCD-EFGH-IJKL-MNO"]
        {
            assert_eq!(hash(WHO, wrong), None, "{wrong}");
        }
    }
}
