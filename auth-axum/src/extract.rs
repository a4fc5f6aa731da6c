//! The extractors.

use auth_core::adapter::{Wrapper as _, extract, extract_user};
use auth_core::{NoClaims, RequiredScopes, UserStore};
use axum_core::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::state::{HasAuthenticator, HasUserStore};
use crate::wrappers::{AuthRejection, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped};

impl<St, C> FromRequestParts<St> for Authenticated<C>
where
    St: HasAuthenticator + Sync,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        Ok(Self::wrap(extract(&state.authenticator(), parts).await?))
    }
}

impl<St, C> FromRequestParts<St> for MaybeAuthenticated<C>
where
    St: HasAuthenticator + Sync,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        Ok(Self::wrap(extract(&state.authenticator(), parts).await?))
    }
}

impl<St> FromRequestParts<St> for BearerToken
where
    St: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        Ok(Self::wrap(extract(&state.authenticator(), parts).await?))
    }
}

impl<St, R, C> FromRequestParts<St> for Scoped<R, C>
where
    St: HasAuthenticator + Sync,
    R: RequiredScopes,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        Ok(Self::wrap(extract(&state.authenticator(), parts).await?))
    }
}

impl<St, S> FromRequestParts<St> for CurrentUser<S>
where
    St: HasAuthenticator + HasUserStore<S> + Sync,
    S: UserStore + ?Sized,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        let caller: auth_core::Authenticated<NoClaims> = extract(&state.authenticator(), parts).await?;
        Ok(Self(extract_user(&caller, parts, &state.user_store()).await?))
    }
}
