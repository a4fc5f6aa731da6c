//! What an OpenAPI document says of its operations.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

pub(super) struct Document(pub(super) Value);

impl Document {
    pub(super) fn operations(&self) -> Vec<Operation> {
        let base = self.0.pointer("/servers/0/url").and_then(Value::as_str).map_or("", path_of_url);
        let mut operations = Vec::new();
        for (path, item) in members(self.0.get("paths")) {
            let shared = item.get("parameters").and_then(Value::as_array);
            let additional = members(item.get("additionalOperations"));
            let known = members(Some(item)).filter(|(name, _)| METHODS.contains(&name.as_str()));
            for (method, operation) in known.chain(additional) {
                let own = operation.get("parameters").and_then(Value::as_array);
                // The operation's own replace those of the path.
                let parameters: Vec<_> = own
                    .into_iter()
                    .chain(shared)
                    .flatten()
                    .map(|parameter| self.resolved(parameter))
                    .collect();
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    target: format!("{base}{}", target(path, &parameters)),
                    demand: self.demand(operation),
                });
            }
        }
        operations
    }

    fn demand(&self, operation: &Value) -> Demand {
        let requirements = operation.get("security").or_else(|| self.0.get("security"));
        let Some(requirements) = requirements.and_then(Value::as_array).filter(|all| !all.is_empty()) else {
            return Demand::Nothing;
        };
        let requirements: Vec<_> = requirements.iter().filter_map(Value::as_object).collect();
        if requirements.iter().any(|requirement| requirement.is_empty()) {
            return Demand::Optional;
        }
        let by_token =
            requirements.iter().filter(|alternative| alternative.keys().all(|name| self.is_bearer(name)));
        let scopes = |requirement: &&&Map<String, Value>| {
            let names = requirement.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        let alternatives: Vec<_> = by_token.map(|requirement| scopes(&requirement)).collect();
        if alternatives.is_empty() { Demand::OtherSchemes } else { Demand::AnyOf(alternatives) }
    }

    fn is_bearer(&self, name: &str) -> bool {
        let schemes = self.0.pointer("/components/securitySchemes");
        let Some(scheme) = schemes.and_then(|schemes| schemes.get(name)) else { return false };
        let member = |name: &str| scheme.get(name).and_then(Value::as_str).unwrap_or_default();
        match member("type") {
            "oauth2" | "openIdConnect" => true,
            "http" => member("scheme").eq_ignore_ascii_case("bearer"),
            _ => false,
        }
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let reference = value.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        reference.and_then(|pointer| self.0.pointer(pointer)).unwrap_or(value)
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
    pub(super) demand: Demand,
}

pub(super) enum Demand {
    Nothing,
    Optional,
    /// A token with all scopes of one of these.
    AnyOf(Vec<Vec<String>>),
    OtherSchemes,
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
fn path_of_url(url: &str) -> &str {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| rest.get(slash..).unwrap_or_default()),
        None => url,
    };
    path.trim_end_matches('/')
}

/// The path with its parameters, and the query that is required.
fn target(path: &str, parameters: &[&Value]) -> String {
    let mut values = BTreeMap::new();
    for parameter in parameters {
        let member = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        values.entry((member("in"), member("name"))).or_insert(*parameter);
    }
    let encoded = |value: &Value| utf8_percent_encode(&sample(value), ESCAPED).to_string();
    let mut target = String::new();
    let mut rest = path;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, opened)| Some((before, opened.split_once('}')?)))
    {
        target.push_str(before);
        target.push_str(&encoded(values.get(&("path", name)).copied().unwrap_or(&Value::Null)));
        rest = after;
    }
    target.push_str(rest);
    let mut separator = '?';
    for ((place, name), parameter) in values {
        if place == "query" && parameter.get("required") == Some(&Value::Bool(true)) {
            let name = utf8_percent_encode(name, ESCAPED);
            target.push_str(&format!("{separator}{name}={}", encoded(parameter)));
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
