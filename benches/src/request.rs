//! A request as the core sees it, and the way to ask about it.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use auth_core::{Authenticator, RequestHead};

use crate::token::Claims;

/// A request with these values of its Authorization field.
#[derive(Debug)]
pub struct Request(Option<String>);

impl Request {
    /// Without the field.
    #[must_use]
    pub fn without_credentials() -> Self {
        Self(None)
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self(Some(format!("Bearer {token}")))
    }
}

impl RequestHead for Request {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> &str {
        "/orders?page=2"
    }

    fn header_values<'a>(&'a self, _: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().map(String::as_bytes)
    }
}

/// Whether the request is let in.
#[must_use]
pub fn authenticate(authenticator: &Authenticator, request: &Request) -> bool {
    at_once(authenticator.authenticate::<Claims>(black_box(request))).is_ok()
}

/// The outcome of a future that has nothing to wait for, polled once as a server does.
///
/// # Panics
///
/// If it has to wait.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("there is something to wait for"),
    }
}
