//! How operations refuse.

use std::collections::BTreeMap;

use auth_core::{Authenticator, Reason, Rejection, Scope};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::Value;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::Example;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use crate::demand::Demand;

pub(crate) const PROBLEM: &str = "ProblemDetails";
/// The example of a challenge that asks for another login. `OpenApiProbe` of `auth-testing` looks for it.
const STEP_UP: &str = "insufficient_user_authentication";
const PROBLEM_JSON: &str = "application/problem+json";

/// Whether an operation refuses requests that other sites have sent.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum OtherSites {
    Refused,
    /// It takes nothing that browsers add by themselves, or changes nothing.
    NotTold,
}

/// Written as the authenticator refuses.
pub(crate) struct Refusals<'a> {
    authenticator: &'a Authenticator,
}

impl<'a> Refusals<'a> {
    pub(crate) fn new(authenticator: &'a Authenticator) -> Self {
        Self { authenticator }
    }

    /// The schema of problem documents, unless the application refuses in its own words. False if there is another one of
    /// that name.
    pub(crate) fn add_schema(&self, components: &mut Components) -> bool {
        let refusal = self.authenticator.example_rejection(Reason::Missing, &[]);
        if field(&refusal, &CONTENT_TYPE).as_deref() != Some(PROBLEM_JSON) {
            return true;
        }
        let text =
            |describes: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(describes));
        let problem = ObjectBuilder::new()
            .description(Some("A problem document (RFC 9457)"))
            .property("type", text("`about:blank`"))
            .property("title", text("The reason phrase of the status"))
            .property(
                "status",
                ObjectBuilder::new().schema_type(Type::Integer).description(Some("The status code")),
            )
            .property("detail", text("What was wrong"));
        components.schemas.insert(PROBLEM.to_owned(), Schema::from(problem.build()).into()).is_none()
    }

    /// Adds what the operation does not document itself. `step_up` is how it asks for another login, if it does.
    pub(crate) fn add(
        &self,
        operation: &mut Operation,
        demands: &[Demand],
        other_sites: OtherSites,
        step_up: Option<Rejection>,
    ) {
        let is_optional = demands.iter().any(Demand::is_empty);
        let scopes = demands.iter().flat_map(BTreeMap::values).find(|scopes| !scopes.is_empty());
        let demanded: Vec<_> =
            scopes.into_iter().flatten().filter_map(|scope| Scope::new(scope).ok()).collect();
        let mut add = |status: &str, response: Response| {
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
        };
        let refused = match (is_optional, &step_up) {
            (true, _) => "A token was sent, and it is not good",
            (false, None) => "No token was sent, or it is not good",
            (false, Some(_)) => {
                "No token was sent, or it is not good, or it comes from a login that is too weak or too old"
            }
        };
        let reasons = [("missing", Reason::Missing), ("invalid", Reason::Invalid)];
        let examples = reasons.into_iter().filter(|(_, reason)| !is_optional || *reason != Reason::Missing);
        let examples =
            examples.map(|(name, reason)| (name, self.authenticator.example_rejection(reason, &demanded)));
        let examples = examples.chain(step_up.map(|refusal| (STEP_UP, refusal)));
        add("401", response(refused, &examples.collect::<Vec<_>>()));
        let mut forbidden = Vec::new();
        if scopes.is_some() {
            let refusal = self.authenticator.example_rejection(Reason::Insufficient, &demanded);
            forbidden.push(("insufficient", refusal));
        }
        if other_sites == OtherSites::Refused {
            forbidden.push(("cross_site", self.authenticator.example_rejection(Reason::CrossSite, &[])));
        }
        let describes = match (scopes, other_sites) {
            (Some(_), OtherSites::NotTold) => "The token is good, and does not grant the scope",
            (Some(_), OtherSites::Refused) => {
                "The token is good, and does not grant the scope; or a page of another site has sent the request"
            }
            (None, _) => "A page of another site has sent the request",
        };
        if !forbidden.is_empty() {
            add("403", response(describes, &forbidden));
        }
    }
}

fn response(description: &str, refusals: &[(&str, Rejection)]) -> Response {
    let mut response = Response::new(description);
    let mut challenge = Header::new(Object::with_type(Type::String));
    challenge.description =
        Some("The challenge (RFC 6750 section 3, RFC 7617 section 2, RFC 9470 section 3)".to_owned());
    for (name, refusal) in refusals {
        if let Some(value) = field(refusal, &WWW_AUTHENTICATE) {
            challenge.examples.insert((*name).to_owned(), example(value.into()));
        }
        let Some(content_type) = field(refusal, &CONTENT_TYPE) else { continue };
        let body = refusal.body();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
        let schema: Option<RefOr<Schema>> =
            (content_type == PROBLEM_JSON).then(|| Ref::from_schema_name(PROBLEM).into());
        let RefOr::T(content) =
            response.content.entry(content_type).or_insert_with(|| Content::new(schema).into())
        else {
            continue;
        };
        content.examples.insert((*name).to_owned(), example(body));
    }
    if !challenge.examples.is_empty() {
        response.headers.insert("WWW-Authenticate".to_owned(), challenge.into());
    }
    response
}

fn example(value: Value) -> RefOr<Example> {
    let mut example = Example::new();
    example.value = Some(value);
    example.into()
}

fn field(refusal: &Rejection, wanted: &http::HeaderName) -> Option<String> {
    let values = refusal.headers().filter(|(name, _)| name == wanted);
    let values: Option<Vec<_>> = values.map(|(_, value)| value.to_str().ok().map(str::to_owned)).collect();
    // Two challenges are one list (RFC 9110 section 5.3).
    values.map(|values| values.join(", ")).filter(|joined| !joined.is_empty())
}
