//! The extractors.

use auth_core::adapter::{Wrapper, extract, extract_user};
use auth_core::{NoClaims, UserStore};
use axum_core::extract::FromRequestParts;
use http::request::Parts;

use crate::state::{HasAuthenticator, HasUserStore};
use crate::wrappers::{AuthRejection, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped};

macro_rules! extractors {
    ($([$($parameter:ident),*] $type:ty),* $(,)?) => {$(
        impl<St: HasAuthenticator + Sync, $($parameter: 'static),*> FromRequestParts<St> for $type
        where
            $type: Wrapper<Inner: Send>,
        {
            type Rejection = AuthRejection;

            async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
                Ok(Wrapper::wrap(extract(&state.authenticator(), parts).await?))
            }
        }
    )*};
}

extractors! {
    [C] Authenticated<C>,
    [C] MaybeAuthenticated<C>,
    [R, C] Scoped<R, C>,
    [] BearerToken,
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
