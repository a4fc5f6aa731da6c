//! Whether routes are protected as an OpenAPI document says.

mod carrier;
mod document;
mod expected;
mod forged;
mod login;
mod probing;
mod report;
mod scopes;
mod spoiled;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use self::carrier::Carrier;
use self::document::Document;
use self::probing::{Probing, Tokens};
pub use self::report::ProbeReport;
use self::spoiled::Spoiling;
use crate::issuer::TestIssuer;

/// Sends every operation of an OpenAPI document requests with and without tokens, and says which ones are not
/// protected as the document has it:
///
/// | the document says | request | must be answered |
/// |---|---|---|
/// | a token is demanded | without a token | 401 with a challenge |
/// | | with what is no token | 401 `invalid_token` |
/// | | with a good token that anyone could have changed, see below | 401 `invalid_token` |
/// | | with each token of [`must_refuse`](Self::must_refuse) and [`must_refuse_bad_tokens_of`](Self::must_refuse_bad_tokens_of) | 401 `invalid_token` |
/// | | with a good token as `?access_token=` | 401 with a challenge, as without a token |
/// | | with a good token in the field and in the query | 400, 401 or 403 |
/// | with scopes | with a good token without scopes, or with all but one | 403 `insufficient_scope` |
/// | | with look-alikes of a scope instead of it, see below | 403 `insufficient_scope` |
/// | | with a good token and all scopes | let in |
/// | a login is demanded (the response 401 has an example `insufficient_user_authentication`) | with a good token of such a login, see [`logged_in`](Self::logged_in) | let in |
/// | | with a good token that tells no login, of another one, or of one too long ago | 401 `insufficient_user_authentication` |
/// | a token may be left out (`{}`) | without a token, and with a good one | let in |
/// | | with what is no token, with a changed one, with one that must be refused | 401 `invalid_token` |
/// | | with what is no token as `?access_token=` | let in, as without a token |
/// | | with a good token in the field and in the query | 400, 401 or 403 |
/// | more than a token is demanded, or something else | without it, with what is no token, with one that must be refused | 401 or 403 |
/// | nothing is demanded | without a token | let in |
/// | a token may come in a cookie, and the method is not GET, HEAD or OPTIONS | with a good token, from a page of another site | 403 |
///
/// A token is expected in the Authorization field, as `oauth2`, `openIdConnect` and `http` `bearer` have it, and in what
/// [`also_in`](Self::also_in) names; each place is tried with all of the above.
///
/// - A changed token: with `alg` `none`, `None`, `nOnE` and `NONE`, with and without the old signature. Without a
///   signature. With another signature. With the old signature under a header or claims that were written otherwise or
///   added to, or under another `typ`. They follow the good token, so that a server that remembers tokens is tried too.
/// - Look-alikes of `items`: `noitems`, `itemsx`, `ITEMS` and `item`, one by one and together.
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
///     .must_refuse_bad_tokens_of(&issuer)
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
    tokens: Tokens<'a>,
    path_parameters: BTreeMap<String, String>,
}

impl<'a> OpenApiProbe<'a> {
    /// Probes by this document, with tokens that `token` makes: good ones that grant just these scopes.
    ///
    /// Look-alikes of the document's scopes are among them. A `token` that cannot grant those grants none instead.
    ///
    /// # Panics
    ///
    /// If the document cannot be serialized.
    pub fn new(document: &impl Serialize, token: impl Fn(&[&str]) -> String + 'a) -> Self {
        let document = serde_json::to_value(document).expect("a document that serializes");
        let good = Box::new(token);
        let tokens = Tokens { good, of_login: None, bad: Vec::new(), spoiling: Vec::new() };
        let document = Document { json: document, also_in: BTreeSet::new() };
        Self { document, tokens, path_parameters: BTreeMap::new() }
    }

    /// Adds a token that every operation must refuse if it looks at tokens. `what` names it in the report.
    ///
    /// ```no_run
    /// # use auth_testing::{OpenApiProbe, TestIssuer};
    /// # let (document, issuer) = (serde_json::Value::Null, TestIssuer::default());
    /// OpenApiProbe::new(&document, |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
    ///     .must_refuse("an ID token", issuer.token("alice").claim("aud", "web").sign());
    /// ```
    #[must_use]
    pub fn must_refuse(mut self, what: impl Into<String>, token: impl Into<String>) -> Self {
        self.tokens.bad.push((what.into(), token.into()));
        self
    }

    /// Adds tokens that the issuer makes of each operation's good token, and that must be refused: one that has expired,
    /// one that is not valid yet, one for another audience, one of another issuer, and one that another key has signed.
    /// All else of them is good, the scopes too.
    ///
    /// The good tokens must be of this issuer; that they are not is a failure.
    #[must_use]
    pub fn must_refuse_bad_tokens_of(mut self, issuer: &'a TestIssuer) -> Self {
        self.tokens.spoiling.push(Spoiling::new(issuer));
        self
    }

    /// Makes tokens for operations that demand a login: good ones that grant just these scopes, of a user who has logged in
    /// with this `acr`, so many seconds ago. Without it such operations are failures.
    ///
    /// ```no_run
    /// # use auth_testing::{OpenApiProbe, TestIssuer};
    /// # let (document, issuer) = (serde_json::Value::Null, TestIssuer::default());
    /// let token = |scopes: &[&str]| issuer.token("alice").scope(&scopes.join(" "));
    /// OpenApiProbe::new(&document, |scopes| token(scopes).sign()).logged_in(|scopes, acr, seconds_ago| {
    ///     let token = token(scopes).claim_at("auth_time", -i64::try_from(seconds_ago).unwrap_or(i64::MAX));
    ///     acr.into_iter().fold(token, |token, acr| token.claim("acr", acr)).sign()
    /// });
    /// ```
    #[must_use]
    pub fn logged_in(mut self, token: impl Fn(&[&str], Option<&str>, u64) -> String + 'a) -> Self {
        self.tokens.of_login = Some(Box::new(token));
        self
    }

    /// Sends the tokens by the security scheme of this name too: an `apiKey` in a cookie or a header field, or `http`
    /// `basic` with the token as its password. Any other credential of such schemes is more than a token, and not tried.
    ///
    /// Requests with a cookie say `Sec-Fetch-Site: same-origin`, as those of the application's own pages do.
    ///
    /// ```no_run
    /// # use auth_testing::{OpenApiProbe, TestIssuer};
    /// # let (document, issuer) = (serde_json::Value::Null, TestIssuer::default());
    /// OpenApiProbe::new(&document, |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign()).also_in("cookie");
    /// ```
    #[must_use]
    pub fn also_in(mut self, scheme: impl Into<String>) -> Self {
        self.document.also_in.insert(scheme.into());
        self
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
                    Probing {
                        address,
                        operation: &operation,
                        carrier: Carrier::Bearer,
                        tokens: &self.tokens,
                        report: &mut report,
                    }
                    .probe();
                }
                Err(fault) => report.failures.push(fault),
            }
        }
        report
    }
}

/// Prints nothing of the document.
impl fmt::Debug for OpenApiProbe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApiProbe").finish_non_exhaustive()
    }
}
