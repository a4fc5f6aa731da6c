//! Assertions by which this service authenticates at the issuer (`private_key_jwt`).

use std::error::Error;

use async_trait::async_trait;

/// Signs an assertion of this service for each question ([RFC 7523 section
/// 3](https://www.rfc-editor.org/rfc/rfc7523#section-3)). `ClientAssertions` of `auth-issuer` does it; this crate itself signs
/// nothing.
///
/// A closure is one:
///
/// ```
/// use auth_oidc::Introspection;
///
/// # #[derive(Clone)] struct ClientAssertions;
/// # impl ClientAssertions { fn sign(&self, audience: &str) -> Result<String, std::fmt::Error> { Ok(audience.to_owned()) } }
/// # fn introspection(assertions: ClientAssertions) -> Introspection {
/// Introspection::private_key_jwt("orders-api", move |audience: &str| assertions.sign(audience))
/// # }
/// ```
#[async_trait]
pub trait SignAssertion: Send + Sync + 'static {
    /// Returns a JWT whose `iss` and `sub` are the client's id, whose `aud` is this audience, which expires within a minute
    /// or so, and whose `jti` no other one has.
    ///
    /// # Errors
    ///
    /// Any error: requests are answered 503, and its text goes to the log.
    async fn assertion(&self, audience: &str) -> Result<String, Box<dyn Error + Send + Sync>>;
}

#[async_trait]
impl<F, E> SignAssertion for F
where
    F: Fn(&str) -> Result<String, E> + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    async fn assertion(&self, audience: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        self(audience).map_err(Into::into)
    }
}
