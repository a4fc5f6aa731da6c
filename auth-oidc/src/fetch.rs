//! How documents are fetched.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Fetches a provider's documents: its metadata and its key set. The default is the client of feature `client`.
///
/// Called with `GET` requests to addresses that were configured, or that the configured provider's metadata name. No
/// address ever comes from a token. How long a fetch may take is bounded by the caller, who drops the future.
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
