//! The caller, in a handler.

use std::sync::Arc;

use auth_core::adapter::{Wrapper, extract_from_guard, extract_user};
use auth_core::{NoClaims, UserStore};
use tonic::Request;

use crate::head::Handled;
use crate::wrappers::{AuthRejection, CurrentUser};

/// What the guard around a service has found, for its handlers.
///
/// The error becomes a [`tonic::Status`] by `?`.
pub trait RequestExt: sealed::Sealed {
    /// Takes what the type asks for from what the innermost [`AuthLayer`](crate::AuthLayer) around has found:
    /// [`Authenticated`](crate::Authenticated), [`MaybeAuthenticated`](crate::MaybeAuthenticated),
    /// [`Scoped`](crate::Scoped) or [`BearerToken`](crate::BearerToken).
    ///
    /// ```
    /// use auth_tonic::{Authenticated, RequestExt as _};
    /// use tonic::{Request, Response, Status};
    ///
    /// # struct Empty;
    /// async fn whoami(request: Request<Empty>) -> Result<Response<String>, Status> {
    ///     let user: Authenticated = request.extract()?;
    ///     Ok(Response::new(format!("Hello {}", user.subject())))
    /// }
    /// ```
    ///
    /// Nothing is verified again. Of a streaming method, the caller is the one whose token was good when the call began:
    /// the token may expire while the stream lasts. Compare `user.token().time_left()` if that matters.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if an anonymous caller was let in and the type demands a token, or if the token lacks the claims
    /// of the type. `PERMISSION_DENIED` for [`Scoped`](crate::Scoped). `INTERNAL` without a guard around, which the log
    /// tells, or if something inside the guard has changed the credentials.
    fn extract<W: Wrapper>(&self) -> Result<W, AuthRejection>;

    /// Loads the application's own user behind the token, once per request.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use auth_tonic::{CurrentUser, RequestExt as _, UserStore};
    /// use tonic::{Request, Response, Status};
    ///
    /// # struct Empty;
    /// struct Users<Db> {
    ///     db: Arc<Db>,
    /// }
    ///
    /// impl<Db: UserStore<User = String>> Users<Db> {
    ///     async fn me(&self, mut request: Request<Empty>) -> Result<Response<String>, Status> {
    ///         let CurrentUser(name) = request.current_user(&self.db).await?;
    ///         Ok(Response::new(name))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`extract`](Self::extract). A user whom the store does not know is `UNAUTHENTICATED`, an inactive one
    /// `PERMISSION_DENIED`; a store that fails is `UNAVAILABLE`.
    fn current_user<S: UserStore + ?Sized>(
        &mut self,
        store: &Arc<S>,
    ) -> impl Future<Output = Result<CurrentUser<S>, AuthRejection>> + Send;
}

impl<M: Send + 'static> RequestExt for Request<M> {
    fn extract<W: Wrapper>(&self) -> Result<W, AuthRejection> {
        Ok(W::wrap(extract_from_guard(&Handled(self))?))
    }

    async fn current_user<S: UserStore + ?Sized>(
        &mut self,
        store: &Arc<S>,
    ) -> Result<CurrentUser<S>, AuthRejection> {
        let caller: auth_core::Authenticated<NoClaims> = extract_from_guard(&Handled(&*self))?;
        Ok(CurrentUser(extract_user(&caller, &mut Handled(self), store).await?))
    }
}

mod sealed {
    pub trait Sealed {}

    impl<M> Sealed for tonic::Request<M> {}
}
