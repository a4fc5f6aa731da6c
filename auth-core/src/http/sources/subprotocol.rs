//! A token among the subprotocols that a WebSocket client offers.

use super::reading::Reading;
use crate::http::bearer::is_token_char;

/// What the subprotocol that carries the token begins with.
const BEARER: &[u8] = b"bearer.";

/// The code to close a WebSocket with when its token has expired: one of those that applications may define
/// ([RFC 6455 section 7.4.2](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2)), after the status 401.
pub const EXPIRED: u16 = 4401;

/// Returns the subprotocols that a client offers in the values of its `Sec-WebSocket-Protocol` fields, in its order of
/// preference, without the one that carries the token.
///
/// Answer the handshake with one of these that the application speaks, so that the token is never sent back. A browser
/// that has offered protocols fails the connection if the answer names none: its page has to offer another one beside
/// `bearer.<token>`.
///
/// ```
/// use auth_core::websocket::offered_protocols;
///
/// let fields = [&b"chat.v2, bearer.eyJhbGciOi, chat.v1"[..]];
/// assert_eq!(offered_protocols(fields).collect::<Vec<_>>(), ["chat.v2", "chat.v1"]);
///
/// let selected = offered_protocols(fields).find(|offered| *offered == "chat.v1");
/// assert_eq!(selected, Some("chat.v1"));
/// ```
///
/// Leaves out everything that begins with `bearer.` in any case, and what is no `token`
/// ([RFC 9110 section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
pub fn offered_protocols<'r>(values: impl IntoIterator<Item = &'r [u8]>) -> impl Iterator<Item = &'r str> {
    let offered = elements(values.into_iter()).filter(|element| after_bearer(element).is_none());
    offered.filter(|element| element.iter().all(|byte| is_token_char(*byte))).filter_map(|element| {
        // Which are ASCII.
        std::str::from_utf8(element).ok()
    })
}

/// Reads the one element that begins with `bearer.`; several are malformed. So is `Bearer.` in another case: subprotocols
/// are compared with regard to it.
pub(super) fn read<'r>(values: impl Iterator<Item = &'r [u8]>) -> Reading<'r> {
    let mut carrying = tokens(values);
    match (carrying.next(), carrying.next()) {
        (None, _) => Reading::Missing,
        (Some(Some(token)), None) => match Reading::of_value(token) {
            // What a b64token may have and a subprotocol may not.
            Reading::Token(token) if token.contains(['/', '=']) => Reading::Malformed,
            reading => reading,
        },
        (Some(None), None) | (Some(_), Some(_)) => Reading::Malformed,
    }
}

/// What follows `bearer.` in each element that begins with it; `None` if it is in another case.
pub(super) fn tokens<'r>(values: impl Iterator<Item = &'r [u8]>) -> impl Iterator<Item = Option<&'r [u8]>> {
    elements(values).filter_map(|element| {
        let token = after_bearer(element)?;
        Some(element.starts_with(BEARER).then_some(token))
    })
}

fn after_bearer(element: &[u8]) -> Option<&[u8]> {
    let (start, rest) = element.split_at_checked(BEARER.len())?;
    start.eq_ignore_ascii_case(BEARER).then_some(rest)
}

/// The elements of the list ([RFC 9110 section 5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)).
fn elements<'r>(values: impl Iterator<Item = &'r [u8]>) -> impl Iterator<Item = &'r [u8]> {
    let elements = values.flat_map(|value| value.split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(values: &[&str], expected: &Reading<'_>) {
        assert_eq!(&read(values.iter().map(|value| value.as_bytes())), expected, "{values:?}");
    }

    #[test]
    fn one_element_carries_the_token() {
        for values in [
            &["bearer.a.b"][..],
            &["chat, bearer.a.b"],
            &["bearer.a.b,chat"],
            &["chat", "bearer.a.b"],
            &[", chat ,, bearer.a.b\t,"],
            &["bearer, bearer-x, xbearer.y, bearer.a.b"],
        ] {
            reads(values, &Reading::Token("a.b".into()));
        }
        for values in [&[][..], &[""], &["chat"], &["bearer"], &["bearerx.a"], &["xbearer.a, bearer-a"]] {
            reads(values, &Reading::Missing);
        }
        for values in [
            &["bearer.a, bearer.a"][..],
            &["bearer.a, bearer.b"],
            &["bearer.a", "bearer.a"],
            &["bearer.a, Bearer.a"],
            &["bearer.a, bearer."],
            &["Bearer.a"],
            &["BEARER.a"],
            &["bearer."],
            &["bearer.a b"],
            &["bearer.a="],
            &["bearer.a/b"],
            &["bearer.\"a\""],
            &["bearer.\u{e9}"],
        ] {
            reads(values, &Reading::Malformed);
        }
    }

    #[test]
    fn the_token_is_never_offered() {
        let offered = |value: &'static str| offered_protocols([value.as_bytes()]).collect::<Vec<_>>();
        assert_eq!(offered("chat, bearer.a, bearer, xbearer.b"), ["chat", "bearer", "xbearer.b"]);
        for value in ["bearer.a", "BEARER.a", "bearer.a, Bearer.b", "bearer.", "a b", "a/b", "\u{e9}", ""] {
            assert_eq!(offered(value), [""; 0], "{value}");
        }
    }
}
