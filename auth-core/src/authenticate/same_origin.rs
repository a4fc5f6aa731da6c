//! For routes that set cookies: whether the application's own page asks, and which cookies are read.

use super::authenticator::Authenticator;
use crate::http::cross_site::not_own_page;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;
use crate::http::sources::source::CredentialSource;

impl Authenticator {
    /// Refuses a request that a page of another site may have started, whatever its method is and whether or not it has a
    /// cookie. For routes that no credential guards and that others must not trigger, such as a login form of your own:
    /// otherwise another site can log your user in under an account of its own.
    ///
    /// The rules are those of [`with_trusted_origins`](Self::with_trusted_origins), and the origins are those named there. A
    /// request with neither `Sec-Fetch-Site` nor `Origin` is refused too.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 403, with [`Reason::CrossSite`](crate::Reason::CrossSite).
    pub fn require_same_origin(&self, request: &impl RequestHead) -> Result<(), Rejection> {
        let setup = self.setup();
        match not_own_page(request, &setup.sources.trusted_origins) {
            None => Ok(()),
            Some(cross_site) => Err(setup.rejections.reject_cross_site(cross_site, request)),
        }
    }

    /// Returns the places where credentials are looked for.
    #[must_use]
    pub fn credential_sources(&self) -> &[CredentialSource] {
        self.setup().sources.all()
    }
}
