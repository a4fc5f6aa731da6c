//! An answer as an actix response.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use auth_core::adapter::Answer;

use crate::convert;

/// Turns an [`Answer`] into a response, with its status, header fields and body unchanged.
///
/// Return it from the handler of a token endpoint:
///
/// ```
/// use actix_web::{App, web, web::Data};
/// use auth_actix::AuthResponse;
/// use auth_actix::core::adapter::Answer;
///
/// # struct TokenEndpoint;
/// # impl TokenEndpoint {
/// #     async fn answer(&self) -> auth_actix::core::Rejection { auth_actix::core::Rejection::misconfigured() }
/// # }
/// async fn token(endpoint: Data<TokenEndpoint>) -> AuthResponse<impl Answer> {
///     AuthResponse(endpoint.answer(/* header fields, body, address */).await)
/// }
///
/// # let endpoint = TokenEndpoint;
/// let app = App::new().app_data(Data::new(endpoint)).route("/token", web::post().to(token));
/// ```
///
/// To refuse a request, return [`AuthRejection`](crate::AuthRejection) instead: it is an error too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthResponse<A>(pub A);

impl<A: Answer> Responder for AuthResponse<A> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        convert::response(&self.0)
    }
}
