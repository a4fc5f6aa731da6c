//! Whether routes are protected as an OpenAPI document says.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use self::document::{Demand, Document, Operation};
use crate::conformance::{Head, send_for_head};

/// What is no token.
const GARBAGE: &str = "not.a.token";

/// Sends every operation of an OpenAPI document requests with and without tokens, and says which ones are not
/// protected as the document has it:
///
/// | the document says | request | must be answered |
/// |---|---|---|
/// | a token is demanded | without a token | 401 with a challenge |
/// | | with what is no token, and with a good one whose signature was changed | 401 `invalid_token` |
/// | with scopes | with a good token without scopes, or with all but one | 403 `insufficient_scope` |
/// | | with a good token and all scopes | let in |
/// | a token may be left out (`{}`) | without a token, and with a good one | let in |
/// | | with what is no token, and with a changed one | 401 `invalid_token` |
/// | more than a token is demanded, or something else | without it, and with what is no token | 401 or 403 |
/// | nothing is demanded | without a token | let in |
///
/// Let in is whatever the handler answers, but for 401 and 403, a server error, a redirect that is not documented, and
/// 404 and 405 on a path without parameters.
///
/// ```no_run
/// # use auth_core::Algorithm;
/// use auth_testing::{OpenApiProbe, TestIssuer};
///
/// # let document = serde_json::Value::Null;
/// let issuer = TestIssuer::new(Algorithm::Es256);
/// let address = "127.0.0.1:3000".parse()?; // where the application listens, with `issuer.authenticator()`
/// OpenApiProbe::new(&document, |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
///     .path_parameter("order_id", "1")
///     .run(address)
///     .assert_passed();
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// The document is that of utoipa, or any other that serializes to OpenAPI 3 in JSON; what of it is not understood is a
/// failure. Operations that are let in run: give the application a database for tests. Parameters in the path that are
/// not given, and required ones in the query, get the example or default that the document has for them, else `1` or
/// `x`. Of several servers the first counts, at this address.
///
/// Routes that demand more of a token than scopes, such as a role, are let in only if `token` adds that. "A scope or a
/// role" cannot be said in OpenAPI: document it without scopes.
///
/// Not probed: routes that the document does not have.
pub struct OpenApiProbe<'a> {
    document: Document,
    token: Box<TokenOf<'a>>,
    path_parameters: BTreeMap<String, String>,
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
        Self { document: Document(document), token: Box::new(token), path_parameters: BTreeMap::new() }
    }

    /// What to put for a parameter of this name in any path: something that is there, so that the operation is seen to
    /// answer.
    #[must_use]
    pub fn path_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.path_parameters.insert(name.into(), value.into());
        self
    }

    /// Sends the requests, one after the other, and waits for the answers: serve the application on another thread, as in
    /// `#[tokio::test(flavor = "multi_thread")]`. Stops where there is no answer.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> ProbeReport {
        let mut report = ProbeReport::default();
        for operation in self.document.operations(&self.path_parameters) {
            if report.gave_up {
                break;
            }
            report.operations += 1;
            match operation {
                Ok(operation) => {
                    Probing { address, operation: &operation, token: &*self.token, report: &mut report }
                        .probe();
                }
                Err(fault) => report.failures.push(fault),
            }
        }
        report
    }
}

/// Scopes that do not suffice: none, and all but one of each alternative, unless that is enough for another.
fn insufficient(alternatives: &[Vec<String>]) -> Vec<Vec<&str>> {
    let mut sets = vec![Vec::new()];
    for scopes in alternatives {
        for left_out in scopes {
            sets.push(scopes.iter().filter(|scope| *scope != left_out).map(String::as_str).collect());
        }
    }
    let suffices = |set: &[&str]| {
        alternatives.iter().any(|scopes| scopes.iter().all(|scope| set.contains(&scope.as_str())))
    };
    sets.retain(|set| !suffices(set));
    sets.sort_unstable();
    sets.dedup();
    sets
}

#[derive(Clone, Copy)]
enum Expected {
    LetIn,
    /// 401 with a challenge, and this error in it.
    Unauthorized(Option<&'static str>),
    Forbidden,
    /// 401 or 403, in whatever way.
    Refused,
}

struct Probing<'a> {
    address: SocketAddr,
    operation: &'a Operation,
    token: &'a TokenOf<'a>,
    report: &'a mut ProbeReport,
}

impl Probing<'_> {
    fn probe(&mut self) {
        const INVALID: Expected = Expected::Unauthorized(Some("invalid_token"));
        match &self.operation.demand {
            Demand::Nothing => self.send("without a token", None, Expected::LetIn),
            Demand::Optional(alternatives) => {
                self.send("without a token", None, Expected::LetIn);
                self.with_bad_tokens(alternatives, INVALID);
                self.with_enough(alternatives);
            }
            Demand::AnyOf(alternatives) => {
                self.send("without a token", None, Expected::Unauthorized(None));
                self.with_bad_tokens(alternatives, INVALID);
                for scopes in insufficient(alternatives) {
                    self.with_scopes(&scopes, Expected::Forbidden);
                }
                self.with_enough(alternatives);
            }
            Demand::More => {
                self.send("without anything", None, Expected::Refused);
                self.with_bad_tokens(&[], Expected::Refused);
                self.report.never_let_in.push(self.operation.to_string());
            }
        }
    }

    fn with_bad_tokens(&mut self, alternatives: &[Vec<String>], expected: Expected) {
        self.send("with what is no token", Some(GARBAGE), expected);
        let Some(scopes) = alternatives.first() else { return };
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        // One that is no JWT has no signature.
        if let Some(changed) = with_other_signature(&(self.token)(&scopes)) {
            self.send("with a token whose signature was changed", Some(&changed), expected);
        }
    }

    fn with_enough(&mut self, alternatives: &[Vec<String>]) {
        for scopes in alternatives {
            let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
            self.with_scopes(&scopes, Expected::LetIn);
        }
    }

    fn with_scopes(&mut self, scopes: &[&str], expected: Expected) {
        self.send(&format!("with a token for scopes {scopes:?}"), Some(&(self.token)(scopes)), expected);
    }

    fn send(&mut self, how: &str, token: Option<&str>, expected: Expected) {
        if self.report.gave_up {
            return;
        }
        let Operation { method, target, .. } = self.operation;
        let authorization =
            token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n{authorization}\r\n",
            self.address
        );
        self.report.requests += 1;
        let complaint = match send_for_head(self.address, request.as_bytes()) {
            Ok(head) => self.complaint(&head, expected),
            Err(complaint) => {
                self.report.gave_up = true;
                Some(format!(
                    "{complaint} (does the application run on another thread than the one that waits here?)"
                ))
            }
        };
        if let Some(complaint) = complaint {
            self.report.failures.push(format!("{} {how}: {complaint}", self.operation));
        }
    }

    fn complaint(&mut self, head: &Head, expected: Expected) -> Option<String> {
        let status = head.status;
        match expected {
            Expected::Unauthorized(error) => refusal(head, 401, error),
            Expected::Forbidden => refusal(head, 403, Some("insufficient_scope")),
            Expected::Refused => (!matches!(status, 401 | 403))
                .then(|| format!("must be answered 401 or 403, is answered {status}")),
            Expected::LetIn => {
                let has_parameters = self.operation.path.contains('{');
                let is_let_in = match status {
                    401 | 403 | 500.. => false,
                    300..=399 => self.documents(status),
                    404 | 405 if has_parameters => {
                        self.report.never_seen.insert(format!("{} (answered {status})", self.operation));
                        true
                    }
                    404 | 405 => false,
                    _ => true,
                };
                (!is_let_in).then(|| format!("must be let in, is answered {status}"))
            }
        }
    }

    fn documents(&self, status: u16) -> bool {
        let (exactly, class) = (status.to_string(), format!("{}xx", status / 100));
        self.operation.documented.iter().any(|documented| *documented == exactly || *documented == class)
    }
}

fn refusal(head: &Head, wanted: u16, error: Option<&str>) -> Option<String> {
    let status = head.status;
    let challenge = head.field("www-authenticate").unwrap_or_default();
    let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if status != wanted {
        return Some(format!("must be answered {wanted}, is answered {status}"));
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some(format!("is answered {status} without a Bearer challenge"));
    }
    let error = error.map(|error| format!("error=\"{error}\""))?;
    let has_error = parameters.split(',').any(|parameter| parameter.trim() == error);
    (!has_error).then(|| format!("is answered {status} with the challenge {challenge:?}, not {error}"))
}

/// The same but for one bit of the signature; `None` for what is no JWT.
fn with_other_signature(token: &str) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.').filter(|(signed, _)| signed.contains('.'))?;
    let (first, rest) = signature.split_at_checked(1)?;
    Some(format!("{signed}.{}{rest}", if first == "A" { "B" } else { "A" }))
}

/// What a server did with the requests of an [`OpenApiProbe`].
#[derive(Clone, Debug, Default)]
pub struct ProbeReport {
    operations: usize,
    requests: usize,
    gave_up: bool,
    never_let_in: Vec<String>,
    never_seen: BTreeSet<String>,
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

    /// The operations that demand more than a token, or something else: that they let in whom they should was not tried.
    #[must_use]
    pub fn never_let_in(&self) -> &[String] {
        &self.never_let_in
    }

    /// The operations with parameters in the path that answered 404 or 405 where they should have let in: maybe there is
    /// nothing of that name, and maybe no such operation. See [`OpenApiProbe::path_parameter`].
    pub fn never_seen(&self) -> impl Iterator<Item = &str> {
        self.never_seen.iter().map(String::as_str)
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
        for operation in &self.never_let_in {
            writeln!(f, "{operation}: demands more than a token; letting in was not tried")?;
        }
        for operation in &self.never_seen {
            writeln!(f, "{operation}: give a path_parameter for something that is there")?;
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
