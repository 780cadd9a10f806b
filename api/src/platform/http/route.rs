//! A route as a declaration: method, path, who may, and the handler, in one place.
//!
//! The same list of routes registers the handlers, decides who is let in, and feeds the tests
//! that try every route as nobody, as another tenant and without the permission.

use super::{
    body::payload_config,
    error::{ApiError, Kind},
    problems,
    signature::{Answers, Signature, Takes},
    upload::TakesFile,
};
use crate::platform::{
    authn::guard,
    authz::Permission,
    limits::{RateClass, take_stranger},
};
use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder,
    http::Method,
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use std::{collections::BTreeMap, sync::Arc};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; for logging in.
    Public,
    /// Any user of any client, for what is their own; no API key.
    LoggedIn,
    /// Any user of any client, and any API key.
    Known,
    /// A client's user with this permission, or an API key that has it.
    Needs(Permission),
    /// A client's user with this permission; no API key.
    PersonNeeds(Permission),
    Superadmin,
}

impl Access {
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Needs(permission) | Self::PersonNeeds(permission) => Some(permission),
            Self::Public | Self::LoggedIn | Self::Known | Self::Superadmin => None,
        }
    }

    /// Whether an API key may come in here.
    pub fn admits_keys(self) -> bool {
        matches!(self, Self::Known | Self::Needs(_))
    }
}

/// What becomes of an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// A request that comes again gets the answer of the first time.
    Replayed,
    /// The operation takes no key: it changes nothing of a client's, or for this reason.
    Ignored(Option<&'static str>),
}

impl Repeats {
    /// What changes a client's data is replayed, but for logging in.
    fn of(method: &Method, path: &str, access: Access) -> Self {
        let of_client = !matches!(access, Access::Public | Access::Superadmin);
        let changes = [Method::POST, Method::PATCH, Method::DELETE].contains(method);
        match of_client && changes {
            true if path.starts_with("/auth/") => Self::Ignored(Some("about logging in")),
            true => Self::Replayed,
            false => Self::Ignored(None),
        }
    }
}

/// One operation of the API.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    pub rate: RateClass,
    pub repeats: Repeats,
    /// What it does, in a sentence for its document.
    pub about: &'static str,
    /// What the handler's types say of the request and the answer.
    pub signature: Signature,
    /// Whether it answers 201.
    pub creates: bool,
    /// Whether it may answer 202 beside.
    pub goes_on: bool,
    /// The feature's own reasons to refuse.
    pub refusals: Vec<Kind>,
    endpoint: Arc<dyn Fn(&Method) -> actix_web::Route + Send + Sync>,
}

impl Route {
    pub fn new<F, Args>(method: Method, path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        let endpoint = move |method: &Method| web::method(method.clone()).to(handler.clone());
        let rate = if method == Method::GET { RateClass::Read } else { RateClass::Write };
        let repeats = Repeats::of(&method, path, access);
        let signature = Signature::of::<Args, F::Output>();
        Self {
            method,
            path,
            access,
            rate,
            repeats,
            about: "",
            signature,
            creates: false,
            goes_on: false,
            refusals: Vec::new(),
            endpoint: Arc::new(endpoint),
        }
    }

    pub fn get<F, Args>(path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        Self::new(Method::GET, path, access, handler)
    }

    pub fn post<F, Args>(path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        Self::new(Method::POST, path, access, handler)
    }

    pub fn patch<F, Args>(path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        Self::new(Method::PATCH, path, access, handler)
    }

    pub fn put<F, Args>(path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        Self::new(Method::PUT, path, access, handler)
    }

    pub fn delete<F, Args>(path: &'static str, access: Access, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + Answers + 'static,
    {
        Self::new(Method::DELETE, path, access, handler)
    }

    /// What the operation does, in a sentence.
    pub fn about(mut self, sentence: &'static str) -> Self {
        self.about = sentence;
        self
    }

    /// The operation makes something, and answers 201.
    pub fn creates(mut self) -> Self {
        self.creates = true;
        self
    }

    /// The operation may take longer than its caller waits, and then answers 202.
    pub fn may_go_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// With which problems of the feature it may be refused. Those that every route, its access or
    /// its handler's types bring along are known.
    pub fn refuses(mut self, kinds: &[Kind]) -> Self {
        self.refusals.extend_from_slice(kinds);
        self
    }

    /// The route is of another class than its method says (GET reads, all else writes).
    pub fn rate(mut self, class: RateClass) -> Self {
        self.rate = class;
        self
    }

    /// The operation takes no `Idempotency-Key`, for a good reason: as a rule, that its answer holds
    /// a secret, which must not be kept.
    pub fn not_replayed(mut self, reason: &'static str) -> Self {
        self.repeats = Repeats::Ignored(Some(reason));
        self
    }
}

/// Registers the routes, each behind its own guard; other methods on their paths answer 405.
pub fn mount(routes: &[Route], config: &mut ServiceConfig) {
    let mut by_path: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in routes {
        by_path.entry(route.path).or_default().push(route);
    }
    config.app_data(payload_config());
    for (path, routes) in by_path {
        let allowed = routes.iter().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", ");
        let mut resource = web::resource(path);
        if routes.iter().any(|route| !route.signature.uploads.is_empty()) {
            resource = resource.app_data(TakesFile::Body);
        } else if routes.iter().any(|route| route.signature.form.is_some()) {
            resource = resource.app_data(TakesFile::Form);
        }
        for route in routes {
            let (access, rate, repeats) = (route.access, route.rate, route.repeats);
            let takes_query = route.signature.query.is_some() || route.signature.any_query;
            let door = from_fn(move |req, next| guard(access, rate, takes_query, repeats, req, next));
            resource = resource.route((route.endpoint)(&route.method).wrap(door));
        }
        config.service(resource.default_service(web::to(move |req| wrong_method(req, allowed.clone()))));
    }
}

/// A page beside the API, which is read only.
pub fn page(path: &str, get: actix_web::Route) -> Resource {
    web::resource(path).route(get).default_service(web::to(|req| wrong_method(req, "GET".to_owned())))
}

async fn wrong_method(req: HttpRequest, allowed: String) -> Result<HttpResponse, ApiError> {
    take_stranger(&req, RateClass::Read).await?;
    Err(problems::METHOD_NOT_ALLOWED.with(format!("This path takes {allowed}.")).with_header("Allow", allowed))
}

/// Where no route is.
pub async fn nothing_here(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    take_stranger(&req, RateClass::Read).await?;
    Err(ApiError::not_found())
}
