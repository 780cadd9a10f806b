//! Files: sent under a name that is made here, never one that somebody chose.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::{BoxBody, MessageBody},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

/// A file to take away.
pub struct FileAnswer {
    media_type: &'static str,
    name: String,
    body: BoxBody,
}

impl FileAnswer {
    /// `name` has letters, digits, dots and dashes.
    pub fn new(media_type: &'static str, name: String, body: impl MessageBody + 'static) -> Self {
        Self { media_type, name, body: BoxBody::new(body) }
    }
}

impl Responder for FileAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, self.media_type));
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name)));
        response.body(self.body)
    }
}
