//! What a provider answers to a request.

use std::sync::{Condvar, Mutex, PoisonError};

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};

use super::answer::Answer;
use super::behavior::Behavior;
use super::documents;
use super::endpoint::Endpoint;
use super::endpoint_state::EndpointState;
use super::key_ring::KeyRing;
use super::opaque::OpaqueTokens;
use crate::base64url::encode;
use crate::clock::TestClock;
use crate::lock::lock;

/// Of a signed answer (RFC 9701 section 5).
const SIGNED: HeaderValue = HeaderValue::from_static("application/token-introspection+jwt");

pub(crate) struct Site {
    pub(crate) clock: TestClock,
    state: Mutex<State>,
    /// Notified if a request was counted.
    counted: Condvar,
}

pub(crate) struct State {
    pub(crate) keys: KeyRing,
    pub(crate) metadata_paths: Vec<String>,
    pub(crate) jwks_path: String,
    pub(crate) opaque: OpaqueTokens,
    introspection_path: String,
    pub(crate) validators: bool,
    metadata_endpoint: EndpointState,
    keys_endpoint: EndpointState,
    introspection_endpoint: EndpointState,
}

impl Site {
    pub(crate) fn new(clock: TestClock, keys: KeyRing) -> Self {
        let mut state = State {
            keys,
            metadata_paths: Vec::new(),
            jwks_path: String::new(),
            opaque: OpaqueTokens::default(),
            introspection_path: String::new(),
            validators: true,
            metadata_endpoint: EndpointState::default(),
            keys_endpoint: EndpointState::default(),
            introspection_endpoint: EndpointState::default(),
        };
        state.move_to("");
        Self { clock, state: Mutex::new(state), counted: Condvar::new() }
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.state))
    }

    pub(crate) fn answer(&self, request: &Request<Vec<u8>>) -> Answer {
        let answer = self.change(|state| state.answer(request));
        self.counted.notify_all();
        answer
    }

    pub(crate) fn wait_for_requests(&self, endpoint: Endpoint, count: usize) {
        let mut state = lock(&self.state);
        while state.endpoint(endpoint).requests < count {
            state = self.counted.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    pub(crate) fn endpoint(&mut self, endpoint: Endpoint) -> &mut EndpointState {
        match endpoint {
            Endpoint::Metadata => &mut self.metadata_endpoint,
            Endpoint::Keys => &mut self.keys_endpoint,
            Endpoint::Introspection => &mut self.introspection_endpoint,
        }
    }

    /// Serves the documents of an issuer with this path: the metadata where OpenID Connect has it, and where RFC 8414 does
    /// (section 3.1).
    pub(crate) fn move_to(&mut self, base: &str) {
        self.jwks_path = documents::jwks_uri(base);
        self.introspection_path = documents::introspection_endpoint(base);
        self.metadata_paths = vec![
            format!("{base}/.well-known/openid-configuration"),
            format!("/.well-known/oauth-authorization-server{base}"),
            format!("/.well-known/openid-configuration{base}"),
        ];
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Answer {
        let path = request.uri().path();
        let Some(endpoint) = self.endpoint_at(path) else { return Answer::empty(StatusCode::NOT_FOUND) };
        let state = self.endpoint(endpoint);
        state.requests += 1;
        state.last_request = Some(request.clone());
        let method = if endpoint == Endpoint::Introspection { Method::POST } else { Method::GET };
        if request.method() != method {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        if endpoint == Endpoint::Metadata && !self.metadata_paths.iter().any(|served| served == path) {
            return Answer::empty(StatusCode::NOT_FOUND);
        }
        self.behave(endpoint, request)
    }

    fn endpoint_at(&self, path: &str) -> Option<Endpoint> {
        if path == self.jwks_path {
            return Some(Endpoint::Keys);
        }
        if path == self.introspection_path {
            return Some(Endpoint::Introspection);
        }
        path.split('/').any(|segment| segment == ".well-known").then_some(Endpoint::Metadata)
    }

    fn behave(&mut self, endpoint: Endpoint, request: &Request<Vec<u8>>) -> Answer {
        let behavior = self.endpoint(endpoint).behavior.clone();
        let mut answer = behavior.answer(self.document(endpoint, &behavior, request.body()).into());
        let is_whole = answer.may_be_validated() && endpoint != Endpoint::Introspection;
        if endpoint == Endpoint::Introspection
            && self.opaque.signed_for.is_some()
            && answer.status == StatusCode::OK
        {
            answer.fields.insert(header::CONTENT_TYPE, SIGNED);
        }
        let tag = (is_whole && self.validators).then(|| entity_tag(&answer.body)).flatten();
        if let Some(tag) = tag {
            answer.fields.insert(header::ETAG, tag);
        }
        let state = self.endpoint(endpoint);
        for (name, value) in &state.fields {
            answer.fields.insert(name, value.clone());
        }
        if is_whole && is_known(request.headers(), &answer.fields) {
            state.not_modified += 1;
            return answer.not_modified();
        }
        answer
    }

    fn document(&self, endpoint: Endpoint, behavior: &Behavior, form: &[u8]) -> String {
        let issuer = &self.keys.issuer;
        match (endpoint, behavior) {
            (Endpoint::Keys, _) => self.keys.jwks(),
            (Endpoint::Introspection, _) => self.opaque.answer(form, &self.keys),
            (Endpoint::Metadata, Behavior::WrongIssuer(claimed)) => {
                documents::metadata(claimed, issuer, self.keys.algorithm())
            }
            (Endpoint::Metadata, _) => documents::metadata(issuer, issuer, self.keys.algorithm()),
        }
    }
}

fn entity_tag(body: &[u8]) -> Option<HeaderValue> {
    let digest = encode(digest::digest(&digest::SHA256, body));
    HeaderValue::try_from(format!("\"{digest}\"")).ok()
}

/// Whether the client has this already: by its tag, or else by its date, which must be the same to the byte. The date is
/// looked at only if the client sends no tag ([RFC 9110 section
/// 13.1.3](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3)).
fn is_known(asked: &HeaderMap, sent: &HeaderMap) -> bool {
    if asked.contains_key(header::IF_NONE_MATCH) {
        return sent.get(header::ETAG).is_some_and(|tag| has_tag(asked, tag));
    }
    let date = sent.get(header::LAST_MODIFIED);
    date.is_some() && date == asked.get(header::IF_MODIFIED_SINCE)
}

/// By the weak comparison of [RFC 9110 section 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2). Our tags
/// have no comma inside.
fn has_tag(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = tag.to_str().map(opaque).unwrap_or_default();
    let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|known| known.trim() == "*" || opaque(known) == tag)
}
