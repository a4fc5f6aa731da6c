//! A request to the revocation endpoint.

use auth_core::{StoreFailure, async_trait};

use super::answer::TokenError;
use super::request::{ClientCredentials, Parameters, client, is_form, is_printable_ascii, of_kind, only};

/// Revokes access tokens: a denylist that the application's verifiers ask, for example.
/// [`TokenEndpoint::revoke`](crate::TokenEndpoint::revoke) calls it.
#[async_trait]
pub trait AccessTokenRevoker: Send + Sync {
    /// Revokes a token that a client presents. The client has authenticated; nothing in the token was verified.
    ///
    /// Verify the token first, and that its claim `client_id` is the client: otherwise anyone can fill the denylist.
    /// Then store its `jti` until its `exp`. A token that is not valid has nothing to revoke: return `Ok`
    /// ([RFC 7009 section 2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2)).
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which any error becomes by `?`. The client gets 503, and may try again.
    async fn revoke(&self, token: &str, client_id: &str) -> Result<(), StoreFailure>;
}

/// A well-formed request ([RFC 7009 section 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)). Nothing in it has
/// been verified. It keeps the rules of [`TokenRequest`](super::TokenRequest), with `token` for `grant_type`.
pub(super) struct RevocationRequest {
    pub(super) token: String,
    pub(super) client: Option<ClientCredentials>,
}

impl RevocationRequest {
    pub(super) fn parse<'a, 'b>(
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'b [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        if !only(content_type).is_some_and(is_form) {
            return Err(TokenError::InvalidRequest(
                "the content type must be application/x-www-form-urlencoded",
            ));
        }
        let mut parameters = Parameters::parse(body)?;
        let client = client(authorization, &mut parameters)?;
        let token = parameters.take("token").ok_or(TokenError::InvalidRequest("token is missing"))?;
        Ok(Self { token: of_kind(token, is_printable_ascii)?, client })
    }

    /// A JWT has three parts. A refresh token has no dot.
    pub(super) fn is_access_token(&self) -> bool {
        self.token.split('.').count() == 3
    }
}
