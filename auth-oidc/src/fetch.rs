//! How documents are fetched.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Fetches a provider's documents, its metadata and its key set, and asks it about tokens. The default is the client of
/// feature `client`.
///
/// Called with `GET` requests, and with `POST` requests that have a form for a body
/// ([`Introspection`](crate::Introspection)), to addresses that were configured, or that the configured provider's metadata
/// name. No address ever comes from a token. A form holds a token and perhaps a secret: log neither body nor header. How long a fetch may take is bounded by the caller, who drops the future.
///
/// For a [`reqwest::Client`](https://docs.rs/reqwest) of the application:
///
/// ```
/// use auth_oidc::{Fetch, FetchError, FetchErrorKind, MaxBytes, Oidc, async_trait};
/// use bytes::Bytes;
/// use http::{Request, Response};
///
/// struct Reqwest(reqwest::Client);
///
/// #[async_trait]
/// impl Fetch for Reqwest {
///     async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
///         let failed = |error: reqwest::Error| FetchError::new(FetchErrorKind::Unreachable, error);
///         let MaxBytes(max) = request.extensions().get().copied().unwrap_or(MaxBytes(0));
///         let mut answer = self.0.execute(request.try_into().map_err(failed)?).await.map_err(failed)?;
///         let mut body = Vec::new();
///         while let Some(chunk) = answer.chunk().await.map_err(failed)? {
///             body.extend_from_slice(&chunk);
///             if body.len() > max {
///                 return Err(FetchError::new(FetchErrorKind::TooLarge, format!("more than {max} bytes")));
///             }
///         }
///         let mut response = Response::new(body.into());
///         *response.status_mut() = answer.status();
///         *response.headers_mut() = answer.headers().clone();
///         Ok(response)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let provider = auth_testing::TestIdentityProvider::start();
/// # let (issuer, audience) = (provider.issuer(), "https://api.example");
/// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let verifier = Oidc::issuer(issuer).audience(audience).fetch(Reqwest(client)).connect().await?;
/// # use auth_core::TokenVerifier as _;
/// # assert_eq!(verifier.verify(&provider.token("alice").sign()).await?.subject(), "alice");
/// # use auth_testing::{Behavior, Endpoint};
/// # for (behavior, said) in [(Behavior::Redirect("http://127.0.0.1:9/".into()), "301"), (Behavior::Huge(1_000_000), "more than 65536 bytes")] {
/// #     provider.behave(Endpoint::Metadata, behavior);
/// #     let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// #     let again = Oidc::issuer(issuer).fetch(Reqwest(client)).audience(audience).require_keys_at_start();
/// #     let error = again.connect().await.unwrap_err().to_string();
/// #     assert!(error.contains(said), "{error}");
/// # }
/// # Ok(())
/// # }
/// ```
///
/// The client's own rules hold then: which certificates it trusts, which proxies it uses, and which networks it reaches.
/// An address that is written as an IP address is checked against [`Network`](crate::Network) all the same; for names, the
/// client's resolver has to ask [`Network::permits`](crate::Network::permits).
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Answers a request.
    ///
    /// Follows no redirect: the answer 301 is an answer. Reads no more of the body than the request's extension
    /// [`MaxBytes`] says.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if there is no answer.
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError>;
}

#[async_trait]
impl<F: Fetch + ?Sized> Fetch for std::sync::Arc<F> {
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        (**self).fetch(request).await
    }
}

/// The most bytes of a body that are read; an extension of each request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MaxBytes(pub usize);

/// Why there is no answer.
#[derive(Debug)]
pub struct FetchError {
    kind: FetchErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// Whether it helps to try again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// Nobody answers, or not to the end: the name does not resolve, the connection is refused or breaks. It may pass.
    Unreachable,
    /// The certificate is not for this name, or nobody trusted has signed it. Somebody has to change something.
    Untrusted,
    /// The address is one that is never fetched. Somebody has to change something.
    Forbidden,
    /// The body has more than [`MaxBytes`].
    TooLarge,
}

impl FetchError {
    /// No answer, for this reason.
    pub fn new(kind: FetchErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// Whether it helps to try again.
    #[must_use]
    pub fn kind(&self) -> FetchErrorKind {
        self.kind
    }
}

/// The whole chain of causes, since the outermost often says no more than `error sending request`.
impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for FetchError {}
