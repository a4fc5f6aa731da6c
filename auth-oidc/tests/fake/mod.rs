//! A provider without a network: what it answers is set by the test. Time is Tokio's, paused, so that a day passes at once.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "for tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Algorithm, TokenVerifier as _, VerifyError};
use auth_oidc::{Fetch, FetchError, FetchErrorKind, MaxBytes, Oidc, OidcVerifier};
use auth_testing::TestIssuer;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use serde_json::json;
use tokio::time::Instant;

pub const ISSUER: &str = "https://id.example/realms/shop";
pub const KEYS: &str = "https://id.example/keys";

/// What the provider does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(u16, Vec<(&'static str, String)>, String),
    Fail(FetchErrorKind),
    /// Answers after this time.
    Slowly(Duration, Box<Act>),
    Never,
    Panic,
}

impl Act {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, Vec::new(), body.into())
    }

    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    pub fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.to_owned()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

type Answers = dyn Fn(&Request<Bytes>) -> Act + Send + Sync;

#[derive(Clone)]
pub struct Fake {
    answers: Arc<Mutex<Arc<Answers>>>,
    /// When, and for what.
    log: Arc<Mutex<Vec<(Instant, String, HeaderMap)>>>,
    last: Arc<Mutex<Option<Request<Bytes>>>>,
}

impl Fake {
    pub fn new(answers: impl Fn(&Request<Bytes>) -> Act + Send + Sync + 'static) -> Self {
        Self { answers: Arc::new(Mutex::new(Arc::new(answers))), log: Arc::default(), last: Arc::default() }
    }

    /// A provider with metadata at the usual place, and these keys.
    pub fn with_keys(keys: &TestIssuer) -> Self {
        let fake = Self::new(|_| Act::Never);
        fake.keys(Act::ok(keys.jwks()));
        fake
    }

    pub fn answers(&self, answers: impl Fn(&Request<Bytes>) -> Act + Send + Sync + 'static) {
        *self.answers.lock().unwrap() = Arc::new(answers);
    }

    /// Answers with the metadata, and so for the keys.
    pub fn keys(&self, act: Act) {
        self.answers(move |request| match request.uri().to_string() {
            address if address == KEYS => act.clone(),
            address if address == format!("{ISSUER}/.well-known/openid-configuration") => {
                Act::ok(json!({"issuer": ISSUER, "jwks_uri": KEYS}).to_string())
            }
            _ => Act::status(404),
        });
    }

    pub fn all(&self, act: Act) {
        self.answers(move |_| act.clone());
    }

    /// How many requests there were for this address.
    pub fn requests(&self, address: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|(_, asked, _)| asked == address).count()
    }

    pub fn key_requests(&self) -> usize {
        self.requests(KEYS)
    }

    pub fn times(&self, address: &str) -> Vec<Instant> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(_, asked, _)| asked == address).map(|(time, ..)| *time).collect()
    }

    pub fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|(_, asked, _)| asked.clone()).collect()
    }

    pub fn last_headers(&self) -> HeaderMap {
        self.log.lock().unwrap().last().unwrap().2.clone()
    }

    /// The last request, and the form in its body.
    pub fn last_form(&self) -> (Request<Bytes>, Vec<(String, String)>) {
        let request = self.last.lock().unwrap().clone().unwrap();
        let form = form_urlencoded::parse(request.body()).into_owned().collect();
        (request, form)
    }

    pub fn oidc(&self) -> Oidc {
        Oidc::issuer(ISSUER).audience("api").fetch(self.clone())
    }
}

#[async_trait]
impl Fetch for Fake {
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        assert!(request.extensions().get::<MaxBytes>().is_some());
        let entry = (Instant::now(), request.uri().to_string(), request.headers().clone());
        self.log.lock().unwrap().push(entry);
        *self.last.lock().unwrap() = Some(request.clone());
        let answers = self.answers.lock().unwrap().clone();
        let mut act = answers(&request);
        loop {
            match act {
                Act::Answer(status, headers, body) => {
                    let mut response = Response::builder().status(status).body(Bytes::from(body)).unwrap();
                    for (name, value) in headers {
                        let value = HeaderValue::from_str(&value).unwrap();
                        response.headers_mut().append(HeaderName::from_static(name), value);
                    }
                    return Ok(response);
                }
                Act::Fail(kind) => return Err(FetchError::new(kind, "as the test says")),
                Act::Slowly(time, then) => {
                    tokio::time::sleep(time).await;
                    act = *then;
                }
                Act::Never => std::future::pending().await,
                Act::Panic => panic!("as the test says"),
            }
        }
    }
}

/// Signs with a key of its own.
pub fn signer() -> TestIssuer {
    TestIssuer::new(Algorithm::Es256).issuer(ISSUER).audience("api")
}

/// Who the token is of, or why it is refused.
pub async fn verdict(verifier: &OidcVerifier, token: &str) -> Result<String, VerifyError> {
    let verdict = match verifier.verify_now(token) {
        Some(verdict) => verdict,
        None => verifier.verify(token).await,
    };
    verdict.map(|token| token.subject().to_owned()).map_err(auth_core::VerifyFailure::into_error)
}

/// Lets others run until they wait for time, of which some passes.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
