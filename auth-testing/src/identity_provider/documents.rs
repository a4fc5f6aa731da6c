//! The documents of a provider, and those that no provider should send.

use auth_core::Algorithm;
use serde_json::json;

pub(crate) const GARBAGE: &[u8] = b"\xff\xfe<html><body>no JSON\0</body></html>\xc3";

pub(crate) const EMPTY_SET: &str = r#"{"keys":[]}"#;

pub(crate) const NO_USABLE_KEY: &str = r#"{"keys":[{"kty":"unheard-of","kid":"1"},{"kty":"EC","crv":"P-256","use":"enc","kid":"2","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// What [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata) and
/// [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-2) demand. Nothing answers at the endpoints of a login.
pub(crate) fn metadata(claimed_issuer: &str, issuer: &str, algorithm: Algorithm) -> String {
    let document = json!({
        "issuer": claimed_issuer,
        "jwks_uri": jwks_uri(issuer),
        "introspection_endpoint": introspection_endpoint(issuer),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.name()],
    });
    document.to_string()
}

pub(crate) fn jwks_uri(issuer: &str) -> String {
    format!("{issuer}/jwks")
}

pub(crate) fn introspection_endpoint(issuer: &str) -> String {
    format!("{issuer}/introspect")
}
