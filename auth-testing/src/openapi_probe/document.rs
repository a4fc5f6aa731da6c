//! What an OpenAPI document says of its operations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::carrier::Carrier;
use super::login::Login;

pub(super) struct Document {
    pub(super) json: Value,
    /// The security schemes, beside those of bearer tokens, that are satisfied by a token.
    pub(super) also_in: BTreeSet<String>,
}

/// The example of a challenge that asks for another login, as `SecurityDocs` of `auth-utoipa` calls it.
const STEP_UP: &str = "insufficient_user_authentication";

/// What a path item may have beside operations.
const NO_OPERATIONS: [&str; 6] =
    ["$ref", "summary", "description", "servers", "parameters", "additionalOperations"];

impl Document {
    /// Each operation, or what of the document is not understood: passing over it would look like a success.
    pub(super) fn operations(&self, values: &BTreeMap<String, String>) -> Vec<Result<Operation, String>> {
        let mut operations = Vec::new();
        for (path, item) in members(self.json.get("paths")) {
            let Some(item) = self.resolved(item) else {
                operations.push(Err(format!("{path}: its $ref leads nowhere within the document")));
                continue;
            };
            for (key, value) in members(Some(item)) {
                if METHODS.contains(&key.as_str()) {
                    operations.push(self.operation(&key.to_uppercase(), path, item, value, values));
                } else if !NO_OPERATIONS.contains(&key.as_str()) && !key.starts_with("x-") {
                    operations.push(Err(format!("{path}: {key:?} is no method")));
                }
            }
            for (method, value) in members(item.get("additionalOperations")) {
                operations.push(self.operation(method, path, item, value, values));
            }
        }
        operations
    }

    fn operation(
        &self,
        method: &str,
        path: &str,
        item: &Value,
        operation: &Value,
        values: &BTreeMap<String, String>,
    ) -> Result<Operation, String> {
        let fault = |what: String| format!("{method} {path}: {what}");
        let parameters =
            |of: &Value| of.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        // The operation's own replace those of the path.
        let parameters: Vec<_> = parameters(operation).into_iter().chain(parameters(item)).collect();
        let parameters = parameters.iter().map(|parameter| self.resolved(parameter));
        let parameters: Option<Vec<_>> = parameters.collect();
        let parameters = parameters.ok_or_else(|| fault("a parameter's $ref leads nowhere".to_owned()))?;
        let servers = [operation, item, &self.json].into_iter().find_map(|of| of.get("servers"));
        let base = base(servers.and_then(|servers| servers.get(0))).map_err(fault)?;
        let documented = members(operation.get("responses")).map(|(status, _)| status.to_ascii_lowercase());
        Ok(Operation {
            method: method.to_owned(),
            path: path.to_owned(),
            target: format!("{base}{}", target(path, &parameters, values)),
            documented: documented.collect(),
            demand: self.demand(operation).map_err(fault)?,
            login: self.login(operation).transpose().map_err(fault)?,
        })
    }

    /// The login that the response 401 asks for, if it does.
    fn login(&self, operation: &Value) -> Option<Result<Login, String>> {
        let below =
            |value: &'_ Value, name: &str| value.get(name).and_then(|value| self.resolved(value)).cloned();
        let mut value = operation.clone();
        for name in ["responses", "401", "headers", "WWW-Authenticate", "examples", STEP_UP] {
            value = below(&value, name)?;
        }
        Some(Login::of(value.get("value").unwrap_or(&Value::Null)))
    }

    fn demand(&self, operation: &Value) -> Result<Demand, String> {
        let said = |of: &'_ Value| of.get("security").filter(|security| !security.is_null()).cloned();
        let Some(security) = said(operation).or_else(|| said(&self.json)) else { return Ok(Demand::Nothing) };
        let requirements: Option<Vec<_>> =
            security.as_array().and_then(|all| all.iter().map(Value::as_object).collect());
        let requirements = requirements.ok_or("`security` is no array of objects")?;
        let (mut alternatives, mut is_optional, mut by_token) = (Alternatives::new(), false, false);
        for requirement in &requirements {
            let mut scopes = Vec::new();
            let mut carriers = BTreeSet::new();
            for (scheme, of_scheme) in *requirement {
                let carrier = self.carrier(scheme)?;
                if carrier.is_some() {
                    by_token = true;
                    scopes.extend(of_scheme.as_array().into_iter().flatten().filter_map(Value::as_str));
                }
                carriers.insert(carrier);
            }
            scopes.sort_unstable();
            scopes.dedup();
            let scopes: Vec<_> = scopes.into_iter().map(str::to_owned).collect();
            is_optional |= requirement.is_empty();
            // All in one place: a token in two is refused.
            let carrier = carriers.pop_first().flatten().filter(|_| carriers.is_empty());
            if let Some(carrier) = carrier {
                let of_carrier: &mut Vec<_> = alternatives.entry(carrier).or_default();
                if !of_carrier.contains(&scopes) {
                    of_carrier.push(scopes);
                }
            }
        }
        Ok(match (requirements.is_empty(), is_optional, alternatives.is_empty()) {
            (true, ..) => Demand::Nothing,
            (_, true, _) if !by_token => Demand::Nothing,
            (_, true, _) => Demand::Optional(alternatives),
            (.., true) => Demand::More,
            _ => Demand::AnyOf(alternatives),
        })
    }

    /// Where a token satisfies the scheme of this name, if it does.
    fn carrier(&self, name: &str) -> Result<Option<Carrier>, String> {
        let schemes = self.json.pointer("/components/securitySchemes");
        let scheme = schemes.and_then(|schemes| schemes.get(name)).and_then(|scheme| self.resolved(scheme));
        let scheme = scheme.ok_or_else(|| format!("there is no security scheme {name:?} in the document"))?;
        let is_named = self.also_in.contains(name);
        match Carrier::of(scheme) {
            None if is_named => Err(format!("a token cannot be sent by the security scheme {name:?}")),
            carrier => Ok(carrier.filter(|carrier| is_named || *carrier == Carrier::Bearer)),
        }
    }

    /// `None` for a reference out of the document, into nothing, or in a circle.
    fn resolved<'v>(&'v self, mut value: &'v Value) -> Option<&'v Value> {
        for _ in 0..16 {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
            value = self.json.pointer(reference.strip_prefix('#')?)?;
        }
        None
    }
}

/// All but what RFC 3986 section 2.3 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

pub(super) struct Operation {
    pub(super) method: String,
    /// As the document has it.
    pub(super) path: String,
    /// With its parameters filled in.
    pub(super) target: String,
    /// The statuses that it may be answered, such as `200`, `3xx` and `default`.
    pub(super) documented: Vec<String>,
    pub(super) demand: Demand,
    /// What the user's login must be, if that matters.
    pub(super) login: Option<Login>,
}

/// Sets of scopes, one of which a token in this place must have.
pub(super) type Alternatives = BTreeMap<Carrier, Vec<Vec<String>>>;

pub(super) enum Demand {
    Nothing,
    /// If there is a token, all scopes of one of these.
    Optional(Alternatives),
    /// A token with all scopes of one of these.
    AnyOf(Alternatives),
    /// Something that no token satisfies.
    More,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn members(object: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.and_then(Value::as_object).into_iter().flatten()
}

/// The path of a server's URL, which may be relative.
fn base(server: Option<&Value>) -> Result<String, String> {
    let Some(url) = server.and_then(|server| server.get("url")).and_then(Value::as_str) else {
        return Ok(String::new());
    };
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| rest.get(slash..).unwrap_or_default()),
        None => url,
    };
    let path = path.trim_start_matches('.').trim_matches('/');
    let mut path = if path.is_empty() { String::new() } else { format!("/{path}") };
    for (name, variable) in members(server.and_then(|server| server.get("variables"))) {
        let default = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        path = path.replace(&format!("{{{name}}}"), default);
    }
    if path.contains('{') {
        Err(format!("its server {url:?} has a variable without a default"))
    } else {
        Ok(path)
    }
}

/// The path with its parameters, and the query that is required.
fn target(path: &str, parameters: &[&Value], values: &BTreeMap<String, String>) -> String {
    let mut documented = BTreeMap::new();
    for parameter in parameters {
        let member = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        documented.entry((member("in"), member("name"))).or_insert(*parameter);
    }
    let encoded = |value: &str| utf8_percent_encode(value, ESCAPED).to_string();
    let mut target = String::new();
    let mut rest = path;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, opened)| Some((before, opened.split_once('}')?)))
    {
        target.push_str(before);
        let documented = || sample(documented.get(&("path", name)).copied().unwrap_or(&Value::Null));
        target.push_str(&encoded(&values.get(name).cloned().unwrap_or_else(documented)));
        rest = after;
    }
    target.push_str(rest);
    let mut separator = '?';
    for ((place, name), parameter) in documented {
        if place == "query" && parameter.get("required") == Some(&Value::Bool(true)) {
            target.push_str(&format!("{separator}{}={}", encoded(name), encoded(&sample(parameter))));
            separator = '&';
        }
    }
    target
}

/// A value that the parameter may have.
fn sample(parameter: &Value) -> String {
    let first = |pointer: &str| match parameter.pointer(pointer)? {
        Value::Array(values) => values.first(),
        value => Some(value),
    };
    let examples = members(parameter.get("examples")).find_map(|(_, example)| example.get("value"));
    let told = [
        "/example",
        "/schema/example",
        "/schema/examples",
        "/schema/default",
        "/schema/const",
        "/schema/enum",
    ];
    match told.into_iter().find_map(first).or(examples) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => {
            let schema = |name: &str| first(&format!("/schema/{name}")).and_then(Value::as_str);
            match (schema("type"), schema("format")) {
                (Some("integer" | "number"), _) => "1".to_owned(),
                (Some("boolean"), _) => "true".to_owned(),
                (_, Some("uuid")) => "00000000-0000-4000-8000-000000000000".to_owned(),
                (_, Some("date")) => "2000-01-01".to_owned(),
                (_, Some("date-time")) => "2000-01-01T00:00:00Z".to_owned(),
                _ => "x".to_owned(),
            }
        }
    }
}
