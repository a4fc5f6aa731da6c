//! What people write by hand: an extractor around jsonwebtoken, told to check what this library checks.

use std::future::{Ready, ready};
use std::net::TcpListener;
use std::sync::Arc;
use std::{env, fs};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev, error};
use auth_core::Algorithm;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::token::Claims;

/// A key and what is expected, both prepared once.
pub struct Handwritten {
    key: DecodingKey,
    validation: Validation,
}

impl Handwritten {
    /// For tokens of `auth_testing::TestIssuer`.
    ///
    /// # Panics
    ///
    /// If jsonwebtoken cannot use the key or does not know the algorithm.
    #[must_use]
    pub fn new(algorithm: Algorithm, jwk: &Value) -> Self {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).unwrap();
        let mut validation = Validation::new(algorithm.name().parse().unwrap());
        validation.set_issuer(&["https://issuer.example"]);
        validation.set_audience(&["https://api.example"]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        validation.validate_nbf = true;
        Self { key: DecodingKey::from_jwk(&jwk).unwrap(), validation }
    }

    /// By the settings that `interop/load` gives: `AUTH_SECRET`, or the first key of `AUTH_JWKS_FILE`.
    ///
    /// # Panics
    ///
    /// If there is neither, or it cannot be used.
    #[must_use]
    pub fn from_env() -> Self {
        // Should cargo's feature unification enable both backends of jsonwebtoken, it could not choose.
        jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().unwrap();
        if let Ok(secret) = env::var("AUTH_SECRET") {
            let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret) });
            return Self::new(Algorithm::Hs256, &jwk);
        }
        let set = fs::read_to_string(
            env::var("AUTH_JWKS_FILE").expect("AUTH_SECRET or AUTH_JWKS_FILE has to be set"),
        )
        .unwrap();
        let set: Value = serde_json::from_str(&set).unwrap();
        let jwk = set.pointer("/keys/0").unwrap();
        let algorithm = Algorithm::from_name(jwk.get("alg").unwrap().as_str().unwrap()).unwrap();
        Self::new(algorithm, jwk)
    }

    /// The claims of a good token.
    #[must_use]
    pub fn decode(&self, token: &str) -> Option<Claims> {
        jsonwebtoken::decode(token, &self.key, &self.validation).ok().map(|data| data.claims)
    }

    fn read(&self, authorization: Option<&str>) -> Option<HandwrittenUser> {
        self.decode(authorization?.strip_prefix("Bearer ")?).map(HandwrittenUser)
    }
}

impl std::fmt::Debug for Handwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handwritten").finish_non_exhaustive()
    }
}

/// A caller with a good token.
#[derive(Debug)]
pub struct HandwrittenUser(pub Claims);

/// Where a server of `benches/src/bin` listens: `AUTH_LISTEN`. Tells it as the examples do.
///
/// # Panics
///
/// If the variable is not set, or the address cannot be had.
#[must_use]
pub fn listener() -> TcpListener {
    let listener =
        TcpListener::bind(env::var("AUTH_LISTEN").expect("AUTH_LISTEN has to be set, as 127.0.0.1:3000"))
            .unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    listener
}

impl<S: Send + Sync> FromRequestParts<S> for HandwrittenUser
where
    Arc<Handwritten>: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let field = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        Arc::from_ref(state).read(field).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl FromRequest for HandwrittenUser {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let checks = request.app_data::<Data<Handwritten>>();
        let field = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        ready(checks.and_then(|checks| checks.read(field)).ok_or_else(|| error::ErrorUnauthorized("")))
    }
}
