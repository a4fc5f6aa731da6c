//! An answer as an axum response.

use auth_core::adapter::Answer;
use axum_core::response::{IntoResponse, Response};

use crate::rejection::response;

/// Turns an [`Answer`] into a response, with its status, header fields and body unchanged.
///
/// Return it from the handler of a token endpoint:
///
/// ```
/// use auth_axum::AuthResponse;
/// use auth_axum::core::adapter::Answer;
/// use axum::{Router, extract::State, routing::post};
///
/// # #[derive(Clone)]
/// # struct TokenEndpoint;
/// # impl TokenEndpoint {
/// #     async fn answer(&self) -> auth_axum::core::Rejection { auth_axum::core::Rejection::misconfigured() }
/// # }
/// async fn token(State(endpoint): State<TokenEndpoint>) -> AuthResponse<impl Answer> {
///     AuthResponse(endpoint.answer(/* header fields, body, address */).await)
/// }
///
/// # let endpoint = TokenEndpoint;
/// let app: Router = Router::new().route("/token", post(token)).with_state(endpoint);
/// ```
///
/// To refuse a request, return [`AuthRejection`](crate::AuthRejection) instead: it is an error too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthResponse<A>(pub A);

impl<A: Answer> IntoResponse for AuthResponse<A> {
    fn into_response(self) -> Response {
        response(&self.0)
    }
}
