//! The OpenAPI document. Both programs have the same operations, so they are described here once. A test sends requests
//! to each operation, and compares the answers with the document.

#![allow(dead_code, reason = "only the macro reads them")]

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::forms::{ForgottenPassword, PasswordChange, PasswordReset, Registration, Verification};
use crate::{ITEMS, Item, Message, Session, User};

#[derive(OpenApi)]
#[openapi(
    info(title = "Login", version = "1", description = "FastAPI's security tutorial in Rust"),
    paths(
        greeting,
        token,
        revoke,
        register,
        verify,
        forgot_password,
        reset_password,
        me,
        items,
        sessions,
        end_session,
        change_password
    )
)]
pub(crate) struct Document;

/// Greets, by name if somebody is logged in.
#[utoipa::path(get, path = "/", responses((status = 200, description = "A greeting", body = Message)), security((), ("oauth2" = [])))]
fn greeting() {}

/// Log in.
#[utoipa::path(
    post,
    path = "/token",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenResponse),
        (status = 400, description = "Not a good form, client, password or refresh token"),
        (status = 401, description = "Not a client that HTTP Basic knows"),
        (status = 429, description = "Too many attempts"),
    )
)]
fn token() {}

/// Log out: ends the login of a refresh token.
#[utoipa::path(
    post,
    path = "/revoke",
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The login has ended"),
        (status = 400, description = "Not a good form or client, or an access token"),
        (status = 401, description = "Not a client that HTTP Basic knows"),
    )
)]
fn revoke() {}

/// Request an account: sends a code by e-mail.
#[utoipa::path(
    post,
    path = "/register",
    request_body(content = Registration, content_type = "application/json"),
    responses(
        (status = 202, description = "A mail is sent, whether or not there is an account", body = Message),
        (status = 422, description = "Not a good form", body = Message),
        (status = 429, description = "Too many mails", body = Message),
    )
)]
fn register() {}

/// Create the account, with the code.
#[utoipa::path(
    post,
    path = "/verify",
    request_body(content = Verification, content_type = "application/json"),
    responses(
        (status = 201, description = "The account", body = User),
        (status = 400, description = "Not the code", body = Message),
        (status = 422, description = "Not a good form", body = Message),
        (status = 429, description = "Too many attempts", body = Message),
    )
)]
fn verify() {}

/// Request a code to set a new password: sends it by e-mail.
#[utoipa::path(
    post,
    path = "/forgot-password",
    request_body(content = ForgottenPassword, content_type = "application/json"),
    responses(
        (status = 202, description = "A mail is sent, if there is an account", body = Message),
        (status = 422, description = "Not a good form", body = Message),
        (status = 429, description = "Too many mails", body = Message),
    )
)]
fn forgot_password() {}

/// Set a new password with the code, and log out everywhere.
#[utoipa::path(
    post,
    path = "/reset-password",
    request_body(content = PasswordReset, content_type = "application/json"),
    responses(
        (status = 204, description = "It has changed: log in again"),
        (status = 400, description = "Not the code", body = Message),
        (status = 422, description = "Not a good form", body = Message),
        (status = 429, description = "Too many attempts", body = Message),
    )
)]
fn reset_password() {}

/// Who is logged in. 403 for who may not be any more.
#[utoipa::path(get, path = "/users/me", responses((status = 200, description = "The user", body = User)), security(("oauth2" = [])))]
fn me() {}

/// What one has.
#[utoipa::path(
    get,
    path = "/users/me/items",
    responses((status = 200, description = "The items", body = [Item])),
    security(("oauth2" = [ITEMS]))
)]
fn items() {}

/// Where one is logged in.
#[utoipa::path(
    get,
    path = "/users/me/sessions",
    responses((status = 200, description = "The sessions", body = [Session])),
    security(("oauth2" = []))
)]
fn sessions() {}

/// Log out elsewhere.
#[utoipa::path(
    delete,
    path = "/users/me/sessions/{id}",
    params(("id" = String, Path, description = "Of the session")),
    responses((status = 204, description = "It has ended"), (status = 404, description = "No such session")),
    security(("oauth2" = []))
)]
fn end_session() {}

/// Change the password, and log out everywhere.
#[utoipa::path(
    post,
    path = "/users/me/password",
    request_body(content = PasswordChange, content_type = "application/json"),
    responses(
        (status = 204, description = "It has changed: log in again"),
        (status = 400, description = "The current password is wrong", body = Message),
        (status = 422, description = "Not a good form", body = Message),
        (status = 429, description = "Too many attempts", body = Message),
    ),
    security(("oauth2" = []))
)]
fn change_password() {}

/// What the token endpoint gives, for the document. `TokenEndpoint` writes it.
#[derive(Debug, Serialize, ToSchema)]
struct TokenResponse {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// In how many seconds the token expires.
    expires_in: u64,
    /// What was granted.
    scope: Option<String>,
    /// Good for one more access token.
    refresh_token: String,
}

/// The form of the revocation endpoint, for the document. `TokenEndpoint` reads it.
#[derive(Debug, Deserialize, ToSchema)]
struct RevocationForm {
    /// The refresh token whose login ends.
    token: String,
    /// Ignored.
    token_type_hint: Option<String>,
    /// Who asks.
    client_id: Option<String>,
}

/// The form of the token endpoint, for the document. `TokenEndpoint` reads it.
#[derive(Debug, Deserialize, ToSchema)]
struct TokenForm {
    /// `password` or `refresh_token`.
    grant_type: String,
    /// For `password`.
    username: Option<String>,
    /// For `password`.
    password: Option<String>,
    /// For `refresh_token`.
    refresh_token: Option<String>,
    /// Names with spaces between; all that the user may have, if it is left out.
    scope: Option<String>,
    /// Who asks.
    client_id: Option<String>,
}
