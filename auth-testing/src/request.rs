use auth_core::adapter::RequestHead;
use http::Extensions;

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
    authority: Option<String>,
    fields: Vec<(&'static str, String)>,
    extensions: Extensions,
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
        Self {
            method,
            target: target.into(),
            authority: None,
            fields: Vec::new(),
            extensions: Extensions::new(),
        }
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

    /// Adds a cookie in a field `Cookie` of its own.
    #[must_use]
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", format!("{name}={value}"))
    }

    /// Names the host and port in the request target, as HTTP/2 does.
    #[must_use]
    pub fn authority(mut self, authority: impl Into<String>) -> Self {
        self.authority = Some(authority.into());
        self
    }

    /// Copies the extensions of the other request, and so what guards have found in it: as if a program inside a guard
    /// had changed the request that the guard has judged into this one.
    #[must_use]
    pub fn made_of(mut self, other: &Self) -> Self {
        self.extensions.clone_from(&other.extensions);
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

    fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let of_name = self.fields.iter().filter(move |(field, _)| *field == name);
        of_name.map(|(_, value)| value.as_bytes())
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.extensions.get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.extensions.insert(value);
    }
}
