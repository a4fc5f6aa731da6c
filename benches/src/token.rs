//! The token that is measured, as an identity provider writes them.

use auth_testing::TestIssuer;
use serde::Deserialize;
use serde_json::json;

/// What an API wants to know of its callers.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// Claim `sub`.
    pub sub: String,
    /// Claim `scope`.
    pub scope: String,
    /// Claim `roles`.
    pub roles: Vec<String>,
    /// Claim `email`.
    pub email: String,
    /// Claim `jti`.
    pub jti: String,
    /// Claim `exp`.
    pub exp: u64,
}

/// Signs 450 bytes of claims.
#[must_use]
pub fn mint(issuer: &TestIssuer) -> String {
    mint_for(issuer, "auth0|5f7c8ec7c33c6c004bbafe82")
}

/// As [`mint`], for a subject of one's own.
#[must_use]
pub fn mint_for(issuer: &TestIssuer, subject: &str) -> String {
    issuer
        .token(subject)
        .claim("aud", json!(["https://api.example", "https://issuer.example/userinfo"]))
        .scope("openid profile email orders:read orders:write")
        .claim("roles", json!(["reader", "writer"]))
        .claim("name", "Alice Elisabet Example-Jones")
        .claim("email", "alice@example.com")
        .claim("email_verified", true)
        .claim("client_id", "0oa5f7c8ec7c33c6c004")
        .claim("azp", "0oa5f7c8ec7c33c6c004")
        .claim("jti", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        .sign()
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::Algorithm;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn it_has_the_size_that_is_said() {
        let token = mint(&TestIssuer::new(Algorithm::Hs256));
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        assert_eq!(claims.len(), 450);
    }
}
