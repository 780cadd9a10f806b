//! Signatures, by which a receiver knows that a message is ours, and new.

use crate::platform::crypto::Secret;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

/// A secret as its owner is shown it.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The value of `webhook-signature`: one for each secret that is in force, over the very bytes that are sent.
pub fn signatures(secrets: &[Secret<Vec<u8>>], id: &str, timestamp: i64, body: &[u8]) -> String {
    let each = secrets.iter().map(|secret| {
        let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose()));
        signing.update(format!("{id}.{timestamp}.").as_bytes());
        signing.update(body);
        format!("v1,{}", STANDARD.encode(signing.sign()))
    });
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors that Standard Webhooks and Svix publish.
    #[test]
    fn they_are_those_that_the_standard_publishes() {
        for (secret, id, timestamp, body, signature) in [
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ] {
            let key = Secret::new(STANDARD.decode(secret).unwrap());
            assert_eq!(secret_text(key.expose()), format!("whsec_{secret}"));
            assert_eq!(signatures(std::slice::from_ref(&key), id, timestamp, body.as_bytes()), signature);
            let two = signatures(&[key.clone(), key], id, timestamp, body.as_bytes());
            assert_eq!(two, format!("{signature} {signature}"));
        }
    }
}
