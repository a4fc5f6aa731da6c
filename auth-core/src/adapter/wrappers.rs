//! The wrapper types that the orphan rule demands of every adapter.

use crate::authenticate::extract::Extract;

/// A type of an adapter around something that can be extracted.
///
/// The macro `wrappers!` implements it.
pub trait Wrapper: Sized {
    /// What the core extracts.
    type Inner: Extract;

    /// Wraps it.
    fn wrap(inner: Self::Inner) -> Self;
}

/// Declares the types of an adapter; see [`adapter`](crate::adapter).
#[doc(hidden)]
#[macro_export]
macro_rules! __wrappers {
    (
        $(#[$authenticated:meta])* Authenticated,
        $(#[$maybe_authenticated:meta])* MaybeAuthenticated,
        $(#[$bearer_token:meta])* BearerToken,
        $(#[$scoped:meta])* Scoped,
        $(#[$current_user:meta])* CurrentUser,
        $(#[$auth_rejection:meta])* AuthRejection
        $(, $(#[$auth_response:meta])* AuthResponse)? $(,)?
    ) => {
        /// Demands a good token. The handler is not run without one.
        ///
        /// `C` is the application's own claims; leave it out to have none. Everything that an
        /// [`auth_core::Authenticated`] offers is there: `user.subject()`, `user.claims`,
        /// `user.require(&policy)?`.
        ///
        /// A token without these claims is refused with 401, since it was not made for this application. Make a claim
        /// that may be absent an `Option` in the type.
        ///
        $(#[$authenticated])*
        ///
        /// # Errors
        ///
        /// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says.
        #[derive(Debug)]
        pub struct Authenticated<C = $crate::NoClaims>(pub $crate::Authenticated<C>);

        impl<C> Authenticated<C> {
            /// Rejects the caller if the token is not enough for the policy.
            ///
            /// # Errors
            ///
            /// The rejection to return: 403 `insufficient_scope`, or 500 if a predicate panics.
            pub fn require(&self, policy: &$crate::Policy) -> ::core::result::Result<(), AuthRejection> {
                self.0.require(policy).map_err(AuthRejection)
            }
        }

        impl<C> ::core::clone::Clone for Authenticated<C> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<C> ::core::ops::Deref for Authenticated<C> {
            type Target = $crate::Authenticated<C>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<C> $crate::adapter::Wrapper for Authenticated<C>
        where
            $crate::Authenticated<C>: $crate::adapter::Extract,
        {
            type Inner = $crate::Authenticated<C>;

            fn wrap(inner: Self::Inner) -> Self {
                Self(inner)
            }
        }

        /// A good token, or none at all. A bad one is refused.
        ///
        $(#[$maybe_authenticated])*
        #[derive(Debug)]
        pub struct MaybeAuthenticated<C = $crate::NoClaims>(
            /// `None` for an anonymous caller.
            pub ::core::option::Option<Authenticated<C>>,
        );

        impl<C> ::core::clone::Clone for MaybeAuthenticated<C> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<C> $crate::adapter::Wrapper for MaybeAuthenticated<C>
        where
            ::core::option::Option<$crate::Authenticated<C>>: $crate::adapter::Extract,
        {
            type Inner = ::core::option::Option<$crate::Authenticated<C>>;

            fn wrap(inner: Self::Inner) -> Self {
                Self(inner.map(Authenticated))
            }
        }

        /// The token as it was sent, **not verified**, as FastAPI's `OAuth2PasswordBearer` gives it.
        ///
        /// Demands one of sound syntax, and nothing more: the caller may have made it up.
        ///
        $(#[$bearer_token])*
        #[derive(Clone, Debug)]
        pub struct BearerToken(pub $crate::BearerToken);

        impl ::core::ops::Deref for BearerToken {
            type Target = $crate::BearerToken;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl $crate::adapter::Wrapper for BearerToken {
            type Inner = $crate::BearerToken;

            fn wrap(inner: Self::Inner) -> Self {
                Self(inner)
            }
        }

        /// Demands a good token with all the scopes that the type names.
        ///
        /// `Scoped<OrdersRead, TenantClaims>` reads the application's own claims, too.
        ///
        $(#[$scoped])*
        ///
        /// # Errors
        ///
        /// As [`Authenticated`], and 403 `insufficient_scope`.
        pub struct Scoped<R, C = $crate::NoClaims> {
            user: Authenticated<C>,
            required: ::core::marker::PhantomData<fn() -> R>,
        }

        impl<R, C> Scoped<R, C> {
            /// The caller.
            #[must_use]
            pub fn into_inner(self) -> Authenticated<C> {
                self.user
            }
        }

        impl<R, C> ::core::clone::Clone for Scoped<R, C> {
            fn clone(&self) -> Self {
                Self { user: self.user.clone(), required: ::core::marker::PhantomData }
            }
        }

        impl<R, C> ::core::ops::Deref for Scoped<R, C> {
            type Target = Authenticated<C>;

            fn deref(&self) -> &Authenticated<C> {
                &self.user
            }
        }

        /// Never prints a claim.
        impl<R, C> ::core::fmt::Debug for Scoped<R, C> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str("Scoped(<redacted>)")
            }
        }

        impl<R, C> $crate::adapter::Wrapper for Scoped<R, C>
        where
            $crate::adapter::Scoped<R, C>: $crate::adapter::Extract,
        {
            type Inner = $crate::adapter::Scoped<R, C>;

            fn wrap(inner: Self::Inner) -> Self {
                Self { user: Authenticated(inner.into_inner()), required: ::core::marker::PhantomData }
            }
        }

        /// The application's own user behind a good token, out of its [`UserStore`](auth_core::UserStore).
        ///
        /// The store is asked once per request, however many extractors want the user.
        ///
        $(#[$current_user])*
        ///
        /// # Errors
        ///
        /// As [`Authenticated`]. A user whom the store does not know is 401, an inactive one 403, and a store that
        /// fails 503.
        pub struct CurrentUser<S: $crate::UserStore + ?::core::marker::Sized>(pub S::User);

        impl<S: $crate::UserStore + ?::core::marker::Sized> ::core::clone::Clone for CurrentUser<S> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        /// Never prints the user.
        impl<S: $crate::UserStore + ?::core::marker::Sized> ::core::fmt::Debug for CurrentUser<S> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str("CurrentUser(<redacted>)")
            }
        }

        $(#[$auth_rejection])*
        ///
        /// `auth-core` has decided what is sent; see `Rejection` for what it says.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct AuthRejection(pub $crate::Rejection);

        impl ::core::convert::From<$crate::Rejection> for AuthRejection {
            fn from(rejection: $crate::Rejection) -> Self {
                Self(rejection)
            }
        }

        impl ::core::fmt::Display for AuthRejection {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::core::error::Error for AuthRejection {}

        $(
            /// Turns an `Answer` into a response, with its status, header fields and body
            /// unchanged.
            ///
            /// Return it from the handler of a token endpoint. To refuse a request, return [`AuthRejection`] instead: it
            /// is an error too.
            ///
            $(#[$auth_response])*
            #[derive(Clone, Debug, Eq, PartialEq)]
            pub struct AuthResponse<A>(pub A);
        )?
    };
}

/// The methods of a layer or middleware around a [`Guard`](crate::adapter::Guard): goes into its `impl`, beside a
/// function `of(Guard) -> Self`, if the guard is its field `guard`. Its other fields stay as they are.
#[doc(hidden)]
#[macro_export]
macro_rules! __guard_methods {
    () => {
        /// Demands a good token.
        #[must_use]
        pub fn new(authenticator: $crate::Authenticator) -> Self {
            Self::of($crate::adapter::Guard::new(authenticator))
        }

        /// Demands that the token is enough for the policy. If called again, for both policies.
        #[must_use]
        pub fn require(mut self, policy: $crate::Policy) -> Self {
            self.guard = self.guard.require(policy);
            self
        }

        /// Lets requests without bearer credentials through as anonymous ones. Bad credentials are refused.
        ///
        /// A policy demands a token: together with [`require`](Self::require) this has no effect.
        #[must_use]
        pub fn optional(mut self) -> Self {
            self.guard = self.guard.optional();
            self
        }

        /// Lets CORS preflight requests through, which never carry credentials
        /// ([Fetch standard](https://fetch.spec.whatwg.org/#cors-preflight-request)): `OPTIONS` with the fields `Origin`
        /// and `Access-Control-Request-Method`, and without bearer credentials.
        ///
        /// Only needed if the layer that answers them is inside the guard. Whatever is inside runs for such requests, and
        /// anyone can send them; extractors inside still refuse.
        #[must_use]
        pub fn allow_cors_preflight(mut self) -> Self {
            self.guard = self.guard.allow_cors_preflight();
            self
        }
    };
}
