//! What a handler takes and answers, read off its types: a route's document can not say otherwise.

use super::{Answer, Body, FileAnswer, Form, IdPath, IfMatch, Kind, Query, SheetUpload, problems};
use crate::platform::{
    authn::{PlatformCtx, TenantCtx},
    sheets::SHEETS,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A header that a handler reads.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    pub name: &'static str,
    pub about: &'static str,
    pub example: &'static str,
}

/// What the types of a handler say.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    pub query: Option<SchemaOf>,
    /// Whether a query string may say anything, since nobody reads it.
    pub any_query: bool,
    pub body: Option<SchemaOf>,
    /// The media types of a body that is a file.
    pub uploads: &'static [&'static str],
    /// What stands beside the file, where the body is a form.
    pub form: Option<SchemaOf>,
    pub headers: Vec<Header>,
    /// Whether the `{id}` of the path is an id like all others.
    pub id: bool,
    /// What a good answer holds; nothing for 204.
    pub answer: Option<SchemaOf>,
    /// The media types of an answer that is a file.
    pub downloads: &'static [&'static str],
    /// Whether a part of that file may be asked for, and whether it is still the one that the caller has.
    pub in_parts: bool,
    /// With what reading the request may be refused.
    pub refusals: Vec<Kind>,
}

impl Signature {
    pub fn of<Args: Takes, Output: Answers>() -> Self {
        let (answer, downloads, in_parts) = (Output::schema(), Output::files(), Output::in_parts());
        let mut signature = Self { answer, downloads, in_parts, ..Self::default() };
        Args::note(&mut signature);
        signature
    }
}

/// What a handler takes: one part of a request, or several in a tuple.
pub trait Takes {
    fn note(signature: &mut Signature);
}

/// What a handler answers when all goes well.
pub trait Answers {
    fn schema() -> Option<SchemaOf>;

    /// The media types of a file.
    fn files() -> &'static [&'static str] {
        &[]
    }

    /// Whether a part of it may be asked for.
    fn in_parts() -> bool {
        false
    }
}

impl<T: JsonSchema> Answers for Answer<T> {
    fn schema() -> Option<SchemaOf> {
        Some(SchemaGenerator::subschema_for::<T>)
    }
}

/// 204: an answer with a body is an [`Answer`].
impl Answers for HttpResponse {
    fn schema() -> Option<SchemaOf> {
        None
    }
}

impl Answers for FileAnswer {
    fn schema() -> Option<SchemaOf> {
        None
    }

    fn files() -> &'static [&'static str] {
        &SHEETS
    }
}

impl Takes for SheetUpload {
    fn note(signature: &mut Signature) {
        signature.uploads = &SHEETS;
        signature.refusals.extend(problems::OF_A_BODY);
    }
}

impl<A: Answers, E> Answers for Result<A, E> {
    fn schema() -> Option<SchemaOf> {
        A::schema()
    }

    fn files() -> &'static [&'static str] {
        A::files()
    }

    fn in_parts() -> bool {
        A::in_parts()
    }
}

impl<T: JsonSchema> Takes for Body<T> {
    fn note(signature: &mut Signature) {
        signature.body = Some(SchemaGenerator::subschema_for::<T>);
        signature.refusals.extend(problems::OF_A_BODY);
    }
}

impl<T: JsonSchema> Takes for Form<T> {
    fn note(signature: &mut Signature) {
        signature.form = Some(T::json_schema);
        signature.refusals.extend(problems::OF_A_BODY);
    }
}

impl<T: JsonSchema> Takes for Query<T> {
    fn note(signature: &mut Signature) {
        signature.query = Some(T::json_schema);
        signature.refusals.push(problems::MALFORMED);
    }
}

impl<T> Takes for IdPath<T> {
    fn note(signature: &mut Signature) {
        signature.id = true;
        signature.refusals.push(problems::NOT_FOUND);
    }
}

impl<T> Takes for Path<T> {
    fn note(signature: &mut Signature) {
        signature.refusals.push(problems::NOT_FOUND);
    }
}

impl Takes for IfMatch {
    fn note(signature: &mut Signature) {
        let about = "The `ETag` that the caller has seen; another version is not changed.";
        signature.headers.push(Header { name: "If-Match", about, example: "\"1\"" });
        signature.refusals.push(problems::VERSION_MISMATCH);
    }
}

macro_rules! takes_nothing {
    ($($type:ty),*) => {$(
        impl Takes for $type {
            fn note(_: &mut Signature) {}
        }
    )*};
}

takes_nothing!((), HttpRequest, TenantCtx, PlatformCtx);

impl<T> Takes for Data<T> {
    fn note(_: &mut Signature) {}
}

macro_rules! takes_each {
    ($($part:ident)+) => {
        impl<$($part: Takes),+> Takes for ($($part,)+) {
            fn note(signature: &mut Signature) {
                $($part::note(signature);)+
            }
        }
    };
}

takes_each!(A);
takes_each!(A B);
takes_each!(A B C);
takes_each!(A B C D);
takes_each!(A B C D E);
takes_each!(A B C D E F);
