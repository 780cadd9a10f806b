//! Forms as nobody should send them.

use super::*;
use countinghouse_tests::pictures::{form, form_of, picture};

const FILE: &str = "form-data; name=\"file\"; filename=\"a.png\"";

async fn send(caller: &Caller, product: &str, content_type: &str, body: Vec<u8>) -> Answer {
    caller.send(Method::POST, &format!("/products/{product}/images"), content_type, body).await
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let (_world, owner, product) = shop().await;
    let whole = picture(1);
    for content_type in ["application/json", "image/png", "multipart/mixed; boundary=x", ""] {
        send(&owner, &product, content_type, whole.clone()).await.problem(415, "unsupported_media_type");
    }
    for content_type in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=y"] {
        send(&owner, &product, content_type, whole.clone()).await.problem(400, "malformed_request");
    }
    let (content_type, body) = form(&whole, &[]);
    for length in [0, 20, body.len() / 2, body.len() - 10] {
        let answer = send(&owner, &product, &content_type, body[..length].to_vec()).await;
        assert!([400, 422].contains(&answer.status), "{length}: {answer:?}");
    }
    send(&owner, &product, &content_type, body).await.expect(201);
}

#[tokio::test]
async fn parts_that_nobody_asked_for_are_refused() {
    let (_world, owner, product) = shop().await;
    let whole = picture(1);
    let part = |name: &str| format!("form-data; name=\"{name}\"");
    let file = || (FILE.to_owned(), whole.as_slice());
    let form_with = |parts: &[(String, &[u8])]| form_of(parts);
    let (content_type, body) = form_with(&[(part("colour"), b"red".as_slice()), file()]);
    send(&owner, &product, &content_type, body).await.invalid(&[("/colour", "unknown_field")]);
    let (content_type, body) = form_with(&[file(), file()]);
    send(&owner, &product, &content_type, body).await.invalid(&[("/file", "duplicate_field")]);
    let (content_type, body) = form_with(&[]);
    let answer = send(&owner, &product, &content_type, body).await;
    assert!([400, 422].contains(&answer.status), "{answer:?}");
    let (content_type, body) = form_with(&[("attachment".to_owned(), whole.as_slice())]);
    send(&owner, &product, &content_type, body).await.problem(400, "malformed_request");
    let (content_type, body) = form_with(&[(part("colour"), vec![b'x'; 2_000].as_slice()), file()]);
    send(&owner, &product, &content_type, body).await.invalid(&[("/colour", "too_long")]);
    let many: Vec<(String, &[u8])> = (0..40).map(|at| (part(&format!("p{at}")), b"x".as_slice())).collect();
    let (content_type, body) = form_of(&many);
    send(&owner, &product, &content_type, body).await.problem(400, "malformed_request");
}

#[tokio::test]
async fn fields_of_a_search_have_their_form() {
    let (_world, owner, _) = shop().await;
    for (name, value, code) in [
        ("limit", "0", "out_of_range"),
        ("limit", "51", "out_of_range"),
        ("limit", "ten", "invalid_value"),
        ("min_score", "1.5", "out_of_range"),
        ("min_score", "NaN", "out_of_range"),
        ("colour", "red", "unknown_field"),
    ] {
        let pointer = format!("/{name}");
        search(&owner, &picture(1), &[(name, value)]).await.invalid(&[(&pointer, code)]);
    }
}
