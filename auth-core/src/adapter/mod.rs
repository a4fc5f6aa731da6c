//! What a framework's adapter is made of. Applications do not need it: they use the adapter.
//!
//! A new adapter writes, in about 200 lines of code:
//!
//! 1. [`RequestHead`] for the framework's request, unless it is one of `http` 1: those are done.
//! 2. One call of the macro `wrappers!`, which declares the types that the orphan rule demands, each with the docs that
//!    it has in this adapter:
//!
//!    ```
//!    auth_core::adapter::wrappers! {
//!        /// Demands a good token.
//!        Authenticated,
//!        /// A good token, or none at all.
//!        MaybeAuthenticated,
//!        BearerToken,
//!        /// Demands a good token with the scopes that a type names.
//!        Scoped,
//!        /// The application's own user.
//!        CurrentUser,
//!        /// A refusal.
//!        AuthRejection,
//!        AuthResponse,
//!    }
//!    ```
//!
//!    Leave out `AuthResponse` if the framework serves no token endpoint.
//!
//! 3. The framework's trait for extractors for the first five, with one call in each: [`extract`], or [`extract_now`] if
//!    the framework would make the adapter allocate a future; [`extract_user`] for the user. If the framework runs
//!    extractors at the same time, they share a [`Kept`].
//! 4. The framework's trait for responses for the last two, from an [`Answer`].
//! 5. A layer or middleware around a [`Guard`], with the methods of the macro `guard_methods!`, unless the framework
//!    takes tower's: then it is `auth-tower`'s.
//!
//! Then `auth_testing::conformance` holds a server against the table of refusals, byte by byte.

mod answer;
mod extract;
mod http1;
mod kept;
mod wrappers;

pub use self::answer::Answer;
pub use self::extract::{extract, extract_from_guard, extract_now, extract_user};
pub use self::http1::response;
pub use self::kept::Kept;
pub use self::wrappers::Wrapper;
pub use crate::authenticate::extract::Extract;
pub use crate::authenticate::guard::Guard;
pub use crate::authenticate::scoped::Scoped;
pub use crate::http::bearer::Credentials;
pub use crate::http::head::RequestHead;
pub use crate::token::bounds::{MAX_CREDENTIALS_BYTES, MAX_TOKEN_BYTES};
pub use crate::{__guard_methods as guard_methods, __wrappers as wrappers};
