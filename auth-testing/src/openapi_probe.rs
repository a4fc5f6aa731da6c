//! Whether routes are protected as an OpenAPI document says.

mod document;

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use self::document::{Demand, Document, Operation};
use crate::conformance::{Head, send_for_head};

/// A token that nobody has signed.
const GARBAGE: &str = "not.a.token";

/// Sends every operation of an OpenAPI document requests with and without tokens, and says which ones are not
/// protected as the document has it:
///
/// | the document says | request | must be answered |
/// |---|---|---|
/// | a token is demanded | without a token | 401 with a challenge |
/// | | with one that nobody has signed | 401 `invalid_token` |
/// | with scopes | with a good token that lacks one of them | 403 `insufficient_scope` |
/// | | with a good token and all scopes | let in |
/// | a token may be left out (`{}`) | without a token | let in |
/// | | with one that nobody has signed | 401 `invalid_token` |
/// | nothing is demanded | without a token | let in |
///
/// Let in is whatever the handler answers, but for 401 and 403, a server error, and 404 and 405 on a path without
/// parameters.
///
/// ```no_run
/// # use auth_core::Algorithm;
/// use auth_testing::{OpenApiProbe, TestIssuer};
///
/// # let document = serde_json::Value::Null;
/// let issuer = TestIssuer::new(Algorithm::Es256);
/// let address = "127.0.0.1:3000".parse()?; // where the application listens, with `issuer.authenticator()`
/// OpenApiProbe::new(&document, |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
///     .run(address)
///     .assert_passed();
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// The document is that of utoipa, or any other that serializes to OpenAPI 3 in JSON. Operations that are let in run:
/// give the application a database for tests. Parameters in the path, and required ones in the query, get the example
/// or default that the document has for them, else `1` or `x`.
///
/// Not probed: routes that the document does not have, operations that only other security schemes protect, and
/// policies other than scopes.
pub struct OpenApiProbe<'a> {
    document: Document,
    token: Box<TokenOf<'a>>,
}

/// A good token that grants just these scopes.
type TokenOf<'a> = dyn Fn(&[&str]) -> String + 'a;

impl<'a> OpenApiProbe<'a> {
    /// Probes by this document, with tokens that `token` makes: good ones that grant just these scopes.
    ///
    /// # Panics
    ///
    /// If the document cannot be serialized.
    pub fn new(document: &impl Serialize, token: impl Fn(&[&str]) -> String + 'a) -> Self {
        let document = serde_json::to_value(document).expect("a document that serializes");
        Self { document: Document(document), token: Box::new(token) }
    }

    /// Sends the requests, one after the other.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> ProbeReport {
        let mut report = ProbeReport::default();
        for operation in self.document.operations() {
            let mut probing = Probing { address, operation: &operation, report: &mut report };
            match &operation.demand {
                Demand::Nothing => probing.without_token(Expected::LetIn),
                Demand::Optional => {
                    probing.without_token(Expected::LetIn);
                    probing.with_garbage();
                }
                Demand::AnyOf(alternatives) => {
                    probing.without_token(Expected::Unauthorized);
                    probing.with_garbage();
                    for scopes in insufficient(alternatives) {
                        probing.with_token(&scopes, &(self.token)(&scopes), Expected::Forbidden);
                    }
                    for scopes in alternatives {
                        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
                        probing.with_token(&scopes, &(self.token)(&scopes), Expected::LetIn);
                    }
                }
                Demand::OtherSchemes => {
                    report.skipped.push(operation.to_string());
                    continue;
                }
            }
            report.operations += 1;
        }
        report
    }
}

/// Scopes that do not suffice: none, and all but one where it is clear which count.
fn insufficient(alternatives: &[Vec<String>]) -> Vec<Vec<&str>> {
    match alternatives {
        _ if alternatives.iter().any(Vec::is_empty) => Vec::new(),
        [scopes] => {
            let but = |left_out: &String| {
                scopes.iter().filter(|scope| *scope != left_out).map(String::as_str).collect::<Vec<_>>()
            };
            let mut sets: Vec<_> = scopes.iter().map(but).collect();
            sets.push(Vec::new());
            sets.dedup();
            sets
        }
        _ => vec![Vec::new()],
    }
}

#[derive(Clone, Copy)]
enum Expected {
    LetIn,
    Unauthorized,
    Forbidden,
}

struct Probing<'a> {
    address: SocketAddr,
    operation: &'a Operation,
    report: &'a mut ProbeReport,
}

impl Probing<'_> {
    fn without_token(&mut self, expected: Expected) {
        self.send("without a token", "", expected, None);
    }

    fn with_garbage(&mut self) {
        let field = format!("Authorization: Bearer {GARBAGE}\r\n");
        self.send(
            "with a token that nobody has signed",
            &field,
            Expected::Unauthorized,
            Some("invalid_token"),
        );
    }

    fn with_token(&mut self, scopes: &[&str], token: &str, expected: Expected) {
        let field = format!("Authorization: Bearer {token}\r\n");
        let error = matches!(expected, Expected::Forbidden).then_some("insufficient_scope");
        self.send(&format!("with a token for scopes {scopes:?}"), &field, expected, error);
    }

    fn send(&mut self, how: &str, authorization: &str, expected: Expected, error: Option<&str>) {
        let Operation { method, target, .. } = self.operation;
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n{authorization}\r\n",
            self.address
        );
        self.report.requests += 1;
        let complaint = match send_for_head(self.address, request.as_bytes()) {
            Ok(head) => self.complaint(&head, expected, error),
            Err(complaint) => Some(complaint),
        };
        if let Some(complaint) = complaint {
            self.report.failures.push(format!("{} {how}: {complaint}", self.operation));
        }
    }

    fn complaint(&self, head: &Head, expected: Expected, error: Option<&str>) -> Option<String> {
        let status = head.status;
        let refused = |wanted: u16| {
            let challenge = head.field("www-authenticate").unwrap_or_default();
            let is_bearer = challenge.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
            if status != wanted {
                Some(format!("must be answered {wanted}, is answered {status}"))
            } else if !is_bearer {
                Some(format!("is answered {status} without a Bearer challenge"))
            } else {
                let error = error.filter(|error| !challenge.contains(error))?;
                Some(format!("is answered {status} with the challenge {challenge:?}, not {error}"))
            }
        };
        match expected {
            Expected::Unauthorized => refused(401),
            Expected::Forbidden => refused(403),
            Expected::LetIn => {
                let has_parameters = self.operation.path.contains('{');
                let is_let_in = match status {
                    401 | 403 | 500.. => false,
                    404 | 405 => has_parameters,
                    _ => true,
                };
                (!is_let_in).then(|| format!("must be let in, is answered {status}"))
            }
        }
    }
}

/// What a server did with the requests of an [`OpenApiProbe`].
#[derive(Clone, Debug, Default)]
pub struct ProbeReport {
    operations: usize,
    requests: usize,
    skipped: Vec<String>,
    failures: Vec<String>,
}

impl ProbeReport {
    /// How many operations were probed.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// The operations that only other security schemes protect, which were not probed.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// What was answered otherwise than the document says. No token is in it.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Panics with all that went wrong, if anything did, or if there was no operation to probe.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert_ne!(self.operations, 0, "the document has no operation that could be probed");
        assert!(self.failures.is_empty(), "\n{self}");
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "{skipped}: not probed")?;
        }
        let Self { operations, requests, failures, .. } = self;
        write!(f, "{operations} operations, {requests} requests, {} not as documented", failures.len())
    }
}

/// Prints nothing of the document.
impl fmt::Debug for OpenApiProbe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApiProbe").finish_non_exhaustive()
    }
}
