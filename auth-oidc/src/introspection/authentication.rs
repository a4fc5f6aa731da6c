//! How this service shows the issuer who asks ([RFC 7662 section 2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1)).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderValue, Method, Request};

use super::assertion::SignAssertion;

/// What a signed answer is asked for by (RFC 9701 section 4).
const SIGNED: &str = "application/token-introspection+jwt";

/// Of a client assertion (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who asks, and what shows it.
pub(crate) struct Authentication {
    pub(crate) client_id: String,
    pub(crate) proof: Proof,
}

/// What shows who asks.
pub(crate) enum Proof {
    Basic(String),
    Post(String),
    PrivateKeyJwt(Arc<dyn SignAssertion>),
    Bearer(String),
    MutualTls,
}

/// Why a request cannot be made. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotAsk {
    #[error("the client assertion cannot be signed: {0}")]
    Assertion(Box<dyn std::error::Error + Send + Sync>),
    #[error("the credentials hold a character that no header field takes: was a line end copied along?")]
    Credentials(#[from] InvalidHeaderValue),
}

impl Authentication {
    /// Makes the request about this token of a request that has an address.
    pub(crate) async fn ask(
        &self,
        request: &mut Request<Bytes>,
        token: &str,
        issuer: &str,
        signed: bool,
    ) -> Result<(), CannotAsk> {
        let assertion = match &self.proof {
            Proof::PrivateKeyJwt(signer) => signer.assertion(issuer).await.map_err(CannotAsk::Assertion)?,
            _ => String::new(),
        };
        let mut form = Serializer::new(String::new());
        form.append_pair("token", token).append_pair("token_type_hint", "access_token");
        let client_id = &*self.client_id;
        let headers = request.headers_mut();
        match &self.proof {
            Proof::Basic(secret) => {
                // Each is encoded as in a form before (RFC 6749 section 2.3.1): a `:` in the id would end it.
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
                headers.insert(AUTHORIZATION, sensitive(&format!("Basic {pair}"))?);
            }
            Proof::Bearer(token) => {
                headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {token}"))?);
            }
            Proof::Post(secret) => {
                form.append_pair("client_id", client_id).append_pair("client_secret", secret);
            }
            Proof::MutualTls => {
                form.append_pair("client_id", client_id);
            }
            Proof::PrivateKeyJwt(_) => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_assertion_type", JWT_BEARER)
                    .append_pair("client_assertion", &assertion);
            }
        }
        let accepted = if signed { SIGNED } else { "application/json" };
        headers.insert(ACCEPT, HeaderValue::from_static(accepted));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.method_mut() = Method::POST;
        *request.body_mut() = form.finish().into();
        Ok(())
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Prints who asks and how, and no secret.
impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self.proof {
            Proof::Basic(_) => "client_secret_basic",
            Proof::Post(_) => "client_secret_post",
            Proof::PrivateKeyJwt(_) => "private_key_jwt",
            Proof::Bearer(_) => "bearer",
            Proof::MutualTls => "tls_client_auth",
        };
        write!(f, "{:?} by {method}", self.client_id)
    }
}
