use auth_core::RequestHead;

/// A request as an adapter shows it to the core, for tests of verifiers and of adapters without a server.
///
/// ```
/// use auth_core::{Algorithm, NoClaims};
/// use auth_testing::{TestIssuer, TestRequest};
///
/// let issuer = TestIssuer::new(Algorithm::Hs256);
/// let request = TestRequest::get("/orders").bearer(&issuer.good("alice"));
/// let authenticator = issuer.authenticator();
/// let verdict = authenticator.authenticate::<NoClaims>(&request);
/// # assert_eq!(futures_executor::block_on(verdict).unwrap().subject(), "alice");
/// ```
#[derive(Clone, Debug)]
pub struct TestRequest {
    target: String,
    authorization: Vec<String>,
}

impl TestRequest {
    /// GET of a path and query, without credentials.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Self {
        Self { target: target.into(), authorization: Vec::new() }
    }

    /// Adds a field `Authorization` with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    /// Adds a field `Authorization` as it is written.
    #[must_use]
    pub fn authorization(mut self, value: impl Into<String>) -> Self {
        self.authorization.push(value.into());
        self
    }
}

impl RequestHead for TestRequest {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> &str {
        &self.target
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let fields = if name == "authorization" { self.authorization.as_slice() } else { &[] };
        fields.iter().map(String::as_bytes)
    }
}
