//! A provider's metadata: where they are, and what is read of them.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::SourceError;

/// What is read of a provider's metadata. All else in them is left unread: algorithms come from the keys.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) jwks_uri: Option<String>,
    pub(crate) introspection_endpoint: Option<String>,
}

/// What is needed of the metadata; the rest may be anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) keys: bool,
    pub(crate) introspection: bool,
}

#[derive(Deserialize)]
struct OfIssuer {
    issuer: String,
}

#[derive(Deserialize)]
struct OfKeys {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct OfIntrospection {
    introspection_endpoint: Option<String>,
}

impl Metadata {
    /// Reads metadata that must be those of this issuer, byte for byte. `None` if it is no JSON object at all, as the page
    /// that some servers answer to every path.
    pub(crate) fn read(
        address: &str,
        body: &[u8],
        issuer: &str,
        needs: Needs,
    ) -> Option<Result<Self, SourceError>> {
        serde_json::from_slice::<HashMap<String, IgnoredAny>>(body).ok()?;
        Some(Self::of_object(address, body, issuer, needs))
    }

    fn of_object(address: &str, body: &[u8], issuer: &str, needs: Needs) -> Result<Self, SourceError> {
        let found = parse::<OfIssuer>(address, body)?.issuer;
        if found != issuer {
            return Err(SourceError::IssuerDiffers {
                address: address.to_owned(),
                expected: issuer.to_owned(),
                difference: difference(issuer, &found),
                found,
            });
        }
        let jwks_uri = if needs.keys { Some(parse::<OfKeys>(address, body)?.jwks_uri) } else { None };
        let mut introspection_endpoint = None;
        if needs.introspection {
            introspection_endpoint = parse::<OfIntrospection>(address, body)?.introspection_endpoint;
            if introspection_endpoint.is_none() {
                return Err(SourceError::NoIntrospectionEndpoint { address: address.to_owned() });
            }
        }
        Ok(Self { jwks_uri, introspection_endpoint })
    }
}

fn parse<'de, T: Deserialize<'de>>(address: &str, body: &'de [u8]) -> Result<T, SourceError> {
    serde_json::from_slice(body)
        .map_err(|error| SourceError::Metadata { address: address.to_owned(), fault: fault(&error) })
}

fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Without the place in a document that nobody has before their eyes.
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

fn difference(expected: &str, found: &str) -> &'static str {
    let scheme_apart = |text: &str| text.split_once("://").map(|(_, rest)| rest.to_owned());
    if expected.trim_end_matches('/') == found.trim_end_matches('/') {
        " (they differ only by a final slash)"
    } else if scheme_apart(expected) == scheme_apart(found) {
        " (they differ only by http and https)"
    } else if expected.eq_ignore_ascii_case(found) {
        " (they differ only in upper and lower case)"
    } else {
        ""
    }
}

/// Where the metadata of an issuer can be, in the order in which they are looked for:
///
/// 1. behind the issuer ([OpenID Connect Discovery section 4.1]), as most providers have them,
/// 2. between its host and path, by [RFC 8414 section 3.1],
/// 3. the same with the name of OpenID Connect, by RFC 8414 section 5.
///
/// [OpenID Connect Discovery section 4.1]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest
/// [RFC 8414 section 3.1]: https://www.rfc-editor.org/rfc/rfc8414#section-3.1
pub(crate) fn candidates(issuer: &str) -> Vec<String> {
    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let host_at = issuer.find("://").map_or(0, |place| place + 3);
    let path_at = issuer.get(host_at..).and_then(|rest| rest.find('/')).map(|place| host_at + place);
    let (origin, path) = issuer.split_at(path_at.unwrap_or(issuer.len()));
    let mut candidates = vec![
        format!("{issuer}{OPENID}"),
        format!("{origin}{OAUTH}{path}"),
        format!("{origin}{OPENID}{path}"),
    ];
    candidates.dedup();
    if path.is_empty() {
        candidates.truncate(2);
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_looked_for_in_order() {
        assert_eq!(
            candidates("https://id.example/realms/shop"),
            [
                "https://id.example/realms/shop/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/realms/shop",
                "https://id.example/.well-known/openid-configuration/realms/shop",
            ]
        );
        let of_root = [
            "https://id.example/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server",
        ];
        assert_eq!(candidates("https://id.example"), of_root);
        assert_eq!(candidates("https://id.example/"), of_root);
        assert_eq!(
            candidates("http://127.0.0.1:8080/a/"),
            [
                "http://127.0.0.1:8080/a/.well-known/openid-configuration",
                "http://127.0.0.1:8080/.well-known/oauth-authorization-server/a",
                "http://127.0.0.1:8080/.well-known/openid-configuration/a",
            ]
        );
    }

    const KEYS: Needs = Needs { keys: true, introspection: false };

    fn read_for(needs: Needs, body: &str) -> Option<Result<Metadata, String>> {
        let read = Metadata::read("https://id.example/m", body.as_bytes(), "https://id.example/", needs);
        read.map(|read| read.map_err(|error| error.to_string()))
    }

    fn read(body: &str) -> Option<Result<String, String>> {
        read_for(KEYS, body).map(|read| read.map(|metadata| metadata.jwks_uri.unwrap()))
    }

    #[test]
    fn only_what_is_needed_has_to_be_there() {
        let of = |members: &str| format!(r#"{{"issuer":"https://id.example/"{members}}}"#);
        let endpoint = r#","introspection_endpoint":"https://id.example/i""#;
        let introspection = Needs { keys: false, introspection: true };
        let metadata = read_for(introspection, &of(endpoint)).unwrap().unwrap();
        assert_eq!(metadata.introspection_endpoint.as_deref(), Some("https://id.example/i"));
        assert_eq!(metadata.jwks_uri, None);
        for (members, told) in [
            ("", "names no `introspection_endpoint`"),
            (r#","introspection_endpoint":null"#, "names no `introspection_endpoint`"),
            (r#","introspection_endpoint":7"#, "invalid type"),
        ] {
            let error = read_for(introspection, &of(members)).unwrap().unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        let both = Needs { keys: true, introspection: true };
        let error = read_for(both, &of(endpoint)).unwrap().unwrap_err();
        assert!(error.contains("missing field `jwks_uri`"), "{error}");
        let unread = of(r#","jwks_uri":"https://id.example/k","introspection_endpoint":7"#);
        assert_eq!(read(&unread), Some(Ok("https://id.example/k".to_owned())));
    }

    #[test]
    fn metadata_have_to_be_those_of_the_issuer() {
        let good = r#"{"issuer":"https://id.example/","jwks_uri":"https://id.example/k","claims":null}"#;
        assert_eq!(read(good), Some(Ok("https://id.example/k".to_owned())));
        for (issuer, told) in [
            ("https://id.example", "(they differ only by a final slash)"),
            ("http://id.example/", "(they differ only by http and https)"),
            ("https://ID.example/", "(they differ only in upper and lower case)"),
            ("https://evil.example/", "and the configured one is \"https://id.example/\". Configure"),
        ] {
            let error =
                read(&good.replace("https://id.example/\",", &format!("{issuer}\","))).unwrap().unwrap_err();
            assert!(error.contains(told) && error.contains(issuer), "{error}");
        }
    }

    #[test]
    fn what_is_no_metadata_is_told() {
        for body in ["", "<html>", "[]", "null", "\"x\"", "{", "{}x"] {
            assert_eq!(read(body), None, "{body}");
        }
        for (body, told) in [
            ("{}", "missing field `issuer`"),
            (r#"{"issuer":"https://id.example/"}"#, "missing field `jwks_uri`"),
            (r#"{"issuer":7,"jwks_uri":"x"}"#, "invalid type"),
            (r#"{"issuer":"https://id.example/","jwks_uri":null}"#, "invalid type"),
            (r#"{"issuer":"a","issuer":"https://id.example/","jwks_uri":"x"}"#, "duplicate field `issuer`"),
        ] {
            let error = read(body).unwrap().unwrap_err();
            assert!(error.contains(told) && !error.contains("line"), "{error}");
        }
    }
}
