use auth_core::{Pass, RequestHead};

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
    method: &'static str,
    target: String,
    fields: Vec<(&'static str, String)>,
    pass: Option<Pass>,
}

impl TestRequest {
    /// GET of a path and query, without credentials.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// Any method.
    #[must_use]
    pub fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), fields: Vec::new(), pass: None }
    }

    /// Adds a field `Authorization` with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    /// Adds a field `Authorization` as it is written.
    #[must_use]
    pub fn authorization(self, value: impl Into<String>) -> Self {
        self.header("authorization", value)
    }

    /// Adds a field of any name, given in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// As it is inside the guard that has given the pass.
    #[must_use]
    pub fn passed(mut self, pass: Pass) -> Self {
        self.pass = Some(pass);
        self
    }
}

impl RequestHead for TestRequest {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> &str {
        &self.target
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let of_name = self.fields.iter().filter(move |(field, _)| *field == name);
        of_name.map(|(_, value)| value.as_bytes())
    }

    fn pass(&self) -> Option<Pass> {
        self.pass.clone()
    }
}
