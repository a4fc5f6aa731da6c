//! The requests for one operation.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::carrier::Carrier;
use super::document::{Demand, Operation};
use super::expected::Expected;
use super::forged::forged;
use super::report::ProbeReport;
use super::scopes::{look_alikes, too_few};
use super::spoiled::Spoiling;
use crate::conformance::send_for_head;

/// What is no token.
const GARBAGE: &str = "not.a.token";

/// How many seconds more than allowed a login is ago that is too old, however busy the machine is.
const PAST: u64 = 3600;

const INVALID: Expected = Expected::Unauthorized(Some("invalid_token"));

/// A good token that grants just these scopes.
pub(super) type TokenOf<'a> = dyn Fn(&[&str]) -> String + 'a;

/// A good token that grants just these scopes, of a user who has logged in with this `acr`, so many seconds ago.
pub(super) type TokenOfLogin<'a> = dyn Fn(&[&str], Option<&str>, u64) -> String + 'a;

/// The tokens to try.
pub(super) struct Tokens<'a> {
    pub(super) good: Box<TokenOf<'a>>,
    pub(super) of_login: Option<Box<TokenOfLogin<'a>>>,
    /// What each is, and itself.
    pub(super) bad: Vec<(String, String)>,
    pub(super) spoiling: Vec<Spoiling<'a>>,
}

pub(super) struct Probing<'a> {
    pub(super) address: SocketAddr,
    pub(super) operation: &'a Operation,
    /// Where the token stands in the requests of now.
    pub(super) carrier: Carrier,
    pub(super) tokens: &'a Tokens<'a>,
    pub(super) report: &'a mut ProbeReport,
}

/// What of a request is about its token.
#[derive(Clone, Copy, Default)]
struct Sent<'a> {
    field: Option<&'a str>,
    query: Option<&'a str>,
    site: Site,
}

/// Whose page has sent a cookie.
#[derive(Clone, Copy, Default)]
enum Site {
    #[default]
    Own,
    Other,
}

impl Site {
    /// What a browser says of it.
    fn fields(self) -> &'static str {
        match self {
            Self::Own => "Sec-Fetch-Site: same-origin\r\n",
            Self::Other => "Sec-Fetch-Site: cross-site\r\nOrigin: https://probe.invalid\r\n",
        }
    }
}

impl Probing<'_> {
    pub(super) fn probe(&mut self) {
        if self.operation.login.is_some() && self.tokens.of_login.is_none() {
            let failure = format!(
                "{} demands a login: say by `.logged_in(|scopes, acr, seconds_ago| ...)` how to make such tokens",
                self.operation
            );
            self.report.failures.push(failure);
            return;
        }
        let nothing = Sent::default();
        match &self.operation.demand {
            Demand::Nothing => self.send("without a token", nothing, Expected::LetIn),
            Demand::Optional(alternatives) => {
                self.send("without a token", nothing, Expected::LetIn);
                for (carrier, alternatives) in alternatives {
                    self.carrier = carrier.clone();
                    self.optional(alternatives);
                }
            }
            Demand::AnyOf(alternatives) => {
                self.carrier = match alternatives.first_key_value() {
                    // Then all are asked for a password.
                    Some((Carrier::Basic, _)) if alternatives.len() == 1 => Carrier::Basic,
                    _ => Carrier::Bearer,
                };
                self.send("without a token", nothing, Expected::Unauthorized(None));
                for (carrier, alternatives) in alternatives {
                    self.carrier = carrier.clone();
                    self.any_of(alternatives);
                }
            }
            Demand::More => {
                self.send("without anything", nothing, Expected::Refused);
                self.with_bad_tokens(None, Expected::Refused);
                self.report.never_let_in.push(self.operation.to_string());
            }
        }
    }

    fn optional(&mut self, alternatives: &[Vec<String>]) {
        let good = self.with_enough(alternatives);
        self.with_bad_tokens(good.as_deref(), INVALID);
        let in_query = Sent { query: Some(GARBAGE), ..Sent::default() };
        self.send("with what is no token in the query", in_query, Expected::LetIn);
        self.twice(good.as_deref());
        self.of_other_site(good.as_deref());
        self.other_logins(alternatives);
    }

    fn any_of(&mut self, alternatives: &[Vec<String>]) {
        let good = self.with_enough(alternatives);
        self.with_bad_tokens(good.as_deref(), INVALID);
        let in_query = Sent { query: good.as_deref(), ..Sent::default() };
        self.send("with a token in the query", in_query, Expected::Unauthorized(None));
        self.twice(good.as_deref());
        self.of_other_site(good.as_deref());
        for scopes in too_few(alternatives).into_iter().chain(look_alikes(alternatives)) {
            self.with_scopes(&scopes, Expected::Forbidden);
        }
        self.other_logins(alternatives);
    }

    /// Tokens that lack nothing but the login.
    fn other_logins(&mut self, alternatives: &[Vec<String>]) {
        let (tokens, operation) = (self.tokens, self.operation);
        let (Some(of_login), Some(login), Some(scopes)) =
            (&tokens.of_login, &operation.login, alternatives.first())
        else {
            return;
        };
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        let best = login.acr_values.first().map(String::as_str);
        self.with_token("with a token that tells no login", &(tokens.good)(&scopes), Expected::LoginRequired);
        if let Some(best) = best {
            let other = of_login(&scopes, Some(&format!("{best}x")), 0);
            self.with_token("with a token of another login", &other, Expected::LoginRequired);
            let all = login.acr_values.join(" ");
            if all != *best {
                let all = of_login(&scopes, Some(&all), 0);
                self.with_token("with a token of all logins in one", &all, Expected::LoginRequired);
            }
        }
        if let Some(max_age) = login.max_age {
            let old = of_login(&scopes, best, max_age.saturating_add(PAST));
            self.with_token("with a token of a login too long ago", &old, Expected::LoginRequired);
        }
    }

    /// Returns the token of the first alternative. It comes before those that are made of it: a server that remembers
    /// tokens must not take them for the one it has seen.
    fn with_enough(&mut self, alternatives: &[Vec<String>]) -> Option<String> {
        let tokens: Vec<_> =
            alternatives.iter().map(|scopes| self.with_scopes(scopes, Expected::LetIn)).collect();
        tokens.into_iter().next()
    }

    fn with_bad_tokens(&mut self, good: Option<&str>, expected: Expected) {
        self.with_token("with what is no token", GARBAGE, expected);
        for (how, token) in good.map(forged).unwrap_or_default() {
            self.with_token(&how, &token, expected);
        }
        let tokens = self.tokens;
        for (what, token) in &tokens.bad {
            self.with_token(&format!("with a token that must be refused, {what:?}"), token, expected);
        }
        for spoiling in &tokens.spoiling {
            match good.map(|good| spoiling.spoiled(good)) {
                None => {}
                Some(Ok(spoiled)) => {
                    for (how, token) in spoiled {
                        self.with_token(&how, &token, expected);
                    }
                }
                Some(Err(fault)) => self.report.failures.push(format!("{}: {fault}", self.operation)),
            }
        }
    }

    fn with_token(&mut self, how: &str, token: &str, expected: Expected) {
        self.send(how, Sent { field: Some(token), ..Sent::default() }, expected);
    }

    /// A browser adds the cookie to requests that any page starts.
    fn of_other_site(&mut self, good: Option<&str>) {
        let is_safe = ["GET", "HEAD", "OPTIONS"].contains(&&*self.operation.method);
        if good.is_some() && matches!(self.carrier, Carrier::Cookie(_)) && !is_safe {
            let sent = Sent { field: good, site: Site::Other, ..Sent::default() };
            self.send("with a token that a page of another site has sent", sent, Expected::OfOtherSite);
        }
    }

    /// RFC 6750 section 2: not by more than one method.
    fn twice(&mut self, good: Option<&str>) {
        if good.is_some() {
            let twice = Sent { field: good, query: good, ..Sent::default() };
            self.send("with a token in the field and in the query", twice, Expected::RefusedOrMalformed);
        }
    }

    fn with_scopes(&mut self, scopes: &[String], expected: Expected) -> String {
        let names: Vec<_> = scopes.iter().map(String::as_str).collect();
        let token = match (&self.operation.login, &self.tokens.of_login) {
            (Some(login), Some(of_login)) => {
                of_login(&names, login.acr_values.first().map(String::as_str), 0)
            }
            _ => (self.tokens.good)(&names),
        };
        self.with_token(&format!("with a token for scopes {scopes:?}"), &token, expected);
        token
    }

    fn send(&mut self, how: &str, sent: Sent<'_>, expected: Expected) {
        if self.report.gave_up {
            return;
        }
        let Operation { method, target, .. } = self.operation;
        let query = sent.query.map(|token| {
            let separator = if target.contains('?') { '&' } else { '?' };
            format!("{separator}access_token={}", utf8_percent_encode(token, NON_ALPHANUMERIC))
        });
        let field = sent.field.map(|token| match &self.carrier {
            Carrier::Cookie(_) => format!("{}{}", self.carrier.field(token), sent.site.fields()),
            carrier => carrier.field(token),
        });
        let request = format!(
            "{method} {target}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n{}\r\n",
            query.unwrap_or_default(),
            self.address,
            field.unwrap_or_default(),
        );
        self.report.requests += 1;
        let complaint = match send_for_head(self.address, request.as_bytes()) {
            Ok(head) => expected.complaint(&head, self.operation, &self.carrier, self.report),
            Err(complaint) => {
                self.report.gave_up = true;
                Some(format!(
                    "{complaint} (does the application run on another thread than the one that waits here?)"
                ))
            }
        };
        if let Some(complaint) = complaint {
            let told = if sent.field.is_some() { self.carrier.told() } else { String::new() };
            self.report.failures.push(format!("{} {how}{}: {complaint}", self.operation, told));
        }
    }
}
