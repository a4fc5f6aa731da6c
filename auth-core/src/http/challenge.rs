//! Writer of `WWW-Authenticate` values.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::token::scope::Scope;

/// The scheme that answers a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    Bearer,
    Basic,
}

/// The protection space that challenges name
/// ([RFC 9110 section 11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)).
///
/// Printable ASCII without `"` and `\`, so that it stands in a quoted string as it is. Anything else
/// is refused when it is configured: a realm that some client unquotes wrongly helps nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Realm(Arc<str>);

/// A realm that cannot be quoted in a challenge.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the realm cannot be quoted in a WWW-Authenticate challenge: use 1 to {MAX_REALM_BYTES} \
     printable ASCII characters without '\"' and '\\'"
)]
pub struct InvalidRealm;

const MAX_REALM_BYTES: usize = 256;

impl Realm {
    /// Checks a realm.
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] if it is empty, over 256 bytes long, or holds a control character, a
    /// character outside ASCII, `"` or `\`.
    pub(crate) fn new(realm: impl Into<String>) -> Result<Self, InvalidRealm> {
        let realm = realm.into();
        let quotable = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if realm.is_empty() || realm.len() > MAX_REALM_BYTES || !realm.bytes().all(quotable) {
            return Err(InvalidRealm);
        }
        Ok(Self(realm.into()))
    }
}

/// One `Bearer` challenge ([RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)). Its parameters are in
/// the order of these fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Challenge<'a> {
    pub(crate) realm: Option<&'a Realm>,
    pub(crate) error: Option<&'static str>,
    /// What would have sufficed; none is written if empty.
    pub(crate) scopes: &'a [&'a Scope],
    /// Which logins would have sufficed, one of these; none is written if empty
    /// ([RFC 9470 section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
    pub(crate) acr_values: &'a [&'a str],
    /// How many seconds ago the login may be.
    pub(crate) max_age: Option<u64>,
    /// Where the metadata of the protected resource are
    /// ([RFC 9728 section 5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)).
    pub(crate) resource_metadata: Option<&'a str>,
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")?;
        let mut separator = " ";
        if let Some(realm) = self.realm {
            write!(f, "{separator}realm=\"{}\"", realm.0)?;
            separator = ", ";
        }
        if let Some(error) = self.error {
            write!(f, "{separator}error=\"{error}\"")?;
            separator = ", ";
        }
        if let Some((first, others)) = self.scopes.split_first() {
            write!(f, "{separator}scope=\"{first}")?;
            for scope in others {
                write!(f, " {scope}")?;
            }
            f.write_str("\"")?;
            separator = ", ";
        }
        if !self.acr_values.is_empty() {
            write!(f, "{separator}acr_values=\"{}\"", self.acr_values.join(" "))?;
            separator = ", ";
        }
        if let Some(seconds) = self.max_age {
            write!(f, "{separator}max_age=\"{seconds}\"")?;
            separator = ", ";
        }
        if let Some(url) = self.resource_metadata {
            write!(f, "{separator}resource_metadata=\"{url}\"")?;
        }
        Ok(())
    }
}

impl Challenge<'_> {
    pub(crate) fn to_header_value(self) -> HeaderValue {
        // Realms, scopes, values of `acr` and URLs are printable ASCII by construction, so the fallback is never taken; it
        // is still a sound challenge, should that ever change.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// The `Basic` challenge ([RFC 7617 section 2](https://www.rfc-editor.org/rfc/rfc7617#section-2)), which must name a
/// realm. It has no errors and no scopes.
pub(crate) fn basic_challenge(realm: Option<&Realm>) -> HeaderValue {
    let realm = realm.map_or(DEFAULT_BASIC_REALM, |realm| &realm.0);
    // As above.
    HeaderValue::try_from(format!("Basic realm=\"{realm}\""))
        .unwrap_or(HeaderValue::from_static("Basic realm=\"api\""))
}

/// The realm of `Basic` challenges if none is configured.
const DEFAULT_BASIC_REALM: &str = "api";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_separated_by_comma_and_space() {
        let realm = Realm::new("the api").unwrap();
        let (read, write) = (Scope::from_static("orders:read"), Scope::from_static("orders:write"));
        let challenge = Challenge {
            realm: Some(&realm),
            error: Some("insufficient_scope"),
            scopes: &[&read, &write],
            ..Challenge::default()
        };
        assert_eq!(
            challenge.to_header_value(),
            r#"Bearer realm="the api", error="insufficient_scope", scope="orders:read orders:write""#
        );
        assert_eq!(Challenge::default().to_header_value(), "Bearer");
        let url = Some("https://a.example/.well-known/oauth-protected-resource");
        assert_eq!(
            Challenge { resource_metadata: url, ..challenge }.to_header_value(),
            "Bearer realm=\"the api\", error=\"insufficient_scope\", scope=\"orders:read orders:write\", \
             resource_metadata=\"https://a.example/.well-known/oauth-protected-resource\""
        );
        assert_eq!(
            Challenge { resource_metadata: url, ..Challenge::default() }.to_header_value(),
            r#"Bearer resource_metadata="https://a.example/.well-known/oauth-protected-resource""#
        );
        assert_eq!(
            Challenge { acr_values: &["phrh", "phr"], max_age: Some(0), resource_metadata: url, ..challenge }
                .to_header_value(),
            "Bearer realm=\"the api\", error=\"insufficient_scope\", scope=\"orders:read orders:write\", \
             acr_values=\"phrh phr\", max_age=\"0\", \
             resource_metadata=\"https://a.example/.well-known/oauth-protected-resource\""
        );
        let bare = Challenge { error: Some("invalid_token"), ..Challenge::default() };
        assert_eq!(bare.to_header_value(), r#"Bearer error="invalid_token""#);
        assert_eq!(basic_challenge(None), r#"Basic realm="api""#);
        assert_eq!(basic_challenge(Some(&realm)), r#"Basic realm="the api""#);
    }

    #[test]
    fn a_realm_that_cannot_be_quoted_is_refused() {
        for realm in ["", "a\"b", "a\\b", "a\r\nb", "a\tb", "é", "\u{7f}", &"a".repeat(257)] {
            assert_eq!(Realm::new(realm), Err(InvalidRealm), "{realm:?}");
        }
        assert!(Realm::new("a".repeat(256)).is_ok());
    }
}
