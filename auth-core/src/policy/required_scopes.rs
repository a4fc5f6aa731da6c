//! Scopes that a type demands.

use crate::token::scope::Scope;

/// Scopes that a handler demands, as a type: `Scoped<ManageOrders>` in its signature.
///
/// ```
/// use auth_core::{RequiredScopes, Scope};
///
/// struct ManageOrders;
///
/// impl RequiredScopes for ManageOrders {
///     const SCOPES: &'static [Scope] =
///         &[Scope::from_static("orders:read"), Scope::from_static("orders:write")];
/// }
/// ```
///
/// A bad name does not compile; nor does an empty list, if a handler demands it:
///
/// ```compile_fail,E0080
/// use auth_core::adapter::{Scoped, extract_from_guard};
/// # use auth_core::{Rejection, RequiredScopes, Scope};
///
/// struct Nothing;
///
/// impl RequiredScopes for Nothing {
///     const SCOPES: &'static [Scope] = &[];
/// }
///
/// fn scoped(request: &http::request::Parts) -> Result<Scoped<Nothing>, Rejection> {
///     extract_from_guard(request)
/// }
/// # let (request, ()) = http::Request::new(()).into_parts();
/// # let _ = scoped(&request);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no scopes",
    label = "not a list of scopes",
    note = "name them: `impl RequiredScopes for {Self} {{ const SCOPES: &'static [Scope] = &[Scope::from_static(\"orders:read\")]; }}`"
)]
pub trait RequiredScopes {
    /// All of them have to be granted; one or more.
    const SCOPES: &'static [Scope];
}
