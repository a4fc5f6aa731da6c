//! The cookies, as they are set and deleted
//! ([RFC 6265 section 4.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.1)).
//!
//! Why a browser sends them to nobody else, and shows them to no script:
//!
//! 1. `__Host-`: the browser takes the cookie only with `Secure`, with `Path=/` and without `Domain`. So no other host has
//!    set it, not even a subdomain.
//! 2. `HttpOnly`: no script reads it.
//! 3. `SameSite=Lax`: other sites' forms and scripts do not send it.
//! 4. `Max-Age`: it ends with its token.

use http::HeaderValue;

/// Holds the access token.
pub(super) const ACCESS: &str = "__Host-access";
/// Holds the refresh token.
pub(super) const REFRESH: &str = "__Host-refresh";

/// Browsers drop a cookie whose name and value have more bytes.
const MAX_COOKIE_BYTES: usize = 4096;

/// The longest access token that a browser keeps.
pub(super) const LONGEST_TOKEN: usize = MAX_COOKIE_BYTES - ACCESS.len();

/// Sets a cookie. Returns `None` if the token has characters that none has.
pub(super) fn set(name: &str, token: &str, seconds: u64) -> Option<HeaderValue> {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_sound) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("{name}={token}; Max-Age={seconds}; {ATTRIBUTES}")).ok()?;
    // Never prints the token.
    value.set_sensitive(true);
    Some(value)
}

/// Deletes a cookie.
pub(super) fn delete(name: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{name}=; Max-Age=0; {ATTRIBUTES}")).ok()
}

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
