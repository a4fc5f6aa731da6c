//! Forms in parts ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), whole in memory.
//!
//! multer reads them. What another program could read in another way is refused:
//!
//! 1. The content type names one boundary.
//! 2. The `Content-Disposition` of a part is `form-data` with a name and nothing else, so no part is a file. If a part
//!    has that field twice, the last one counts.
//! 3. A `Content-Type` is `text/plain`, in UTF-8. A `Content-Transfer-Encoding` leaves the value as it is.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::stream;
use multer::{Field, Multipart};

/// [RFC 2046 section 5.1.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// Why there are no parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// The content type is another one.
    NotMultipart,
    /// The content type does not name one boundary that can be used.
    NoBoundary,
    /// The body is no such form.
    Body,
}

/// Returns the boundary that a content type names.
pub(super) fn boundary(content_type: &[u8]) -> Result<String, Fault> {
    let content_type = str::from_utf8(content_type).map_err(|_| Fault::NotMultipart)?;
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let boundaries = parameters.filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case("boundary"));
    if boundaries.count() > 1 {
        return Err(Fault::NoBoundary);
    }
    match multer::parse_boundary(content_type.trim_ascii_end().trim_end_matches(';')) {
        Ok(boundary) if (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) => Ok(boundary),
        Ok(_) | Err(multer::Error::NoBoundary) => Err(Fault::NoBoundary),
        Err(_) => Err(Fault::NotMultipart),
    }
}

/// Returns names and values, in order.
pub(super) fn parts(boundary: String, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    let body = stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(body))]);
    // Nothing has to be waited for, since the body is there.
    read(Multipart::new(body, boundary)).now_or_never().flatten().ok_or(Fault::Body)
}

async fn read(mut form: Multipart<'_>) -> Option<Vec<(String, String)>> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = name(&field).filter(|_| is_text(&field))?.to_owned();
        let value = String::from_utf8(field.bytes().await.ok()?.into()).ok()?;
        parts.push((name, value));
    }
    Some(parts)
}

/// Returns the name in `form-data; name="..."`, if the field says nothing else.
fn name<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    let disposition = field.headers().get(http::header::CONTENT_DISPOSITION)?;
    let (kind, parameter) = str::from_utf8(disposition.as_bytes()).ok()?.split_once(';')?;
    let (attribute, value) = parameter.split_once('=')?;
    let (kind, attribute, value) = (kind.trim_ascii(), attribute.trim_ascii(), value.trim_ascii());
    let is_name = kind.eq_ignore_ascii_case("form-data") && attribute.eq_ignore_ascii_case("name");
    let name = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').filter(|name| !name.contains(['"', '\\'])),
        None => Some(value)
            .filter(|name| !name.contains(|c: char| !c.is_ascii_graphic() || "\"\\;,=".contains(c))),
    };
    name.filter(|name| is_name && !name.is_empty())
}

fn is_text(field: &Field<'_>) -> bool {
    let is_plain = match field.headers().get(http::header::CONTENT_TYPE) {
        None => true,
        Some(_) => field.content_type().is_some_and(|kind| {
            let charset = kind.get_param("charset").map(|charset| charset.as_str().to_ascii_lowercase());
            let is_utf8 = charset.is_none_or(|charset| ["utf-8", "us-ascii"].contains(&&*charset));
            kind.essence_str() == "text/plain" && is_utf8
        }),
    };
    let leaves_values = |encoding: &http::HeaderValue| {
        ["7bit", "8bit", "binary"]
            .iter()
            .any(|known| encoding.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
    };
    is_plain && field.headers().get("content-transfer-encoding").is_none_or(leaves_values)
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_written_is_what_is_read(values in vec(any::<String>(), 0..5)) {
            let mut form = String::new();
            for value in &values {
                form += "--Boundary-of-this-test\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n";
                form += value;
                form += "\r\n";
            }
            form += "--Boundary-of-this-test--\r\n";
            let read = parts("Boundary-of-this-test".to_owned(), form.as_bytes());
            let named = values.into_iter().map(|value| ("n".to_owned(), value)).collect();
            prop_assert_eq!(read, Ok(named));
        }

        #[test]
        fn any_bytes_are_read_or_refused(content_type in vec(any::<u8>(), 0..60), body in vec(any::<u8>(), 0..200)) {
            let _ = boundary(&content_type);
            let _ = parts("X".to_owned(), &body);
            let _ = parts("X".to_owned(), &[b"--X\r\nContent-Disposition: form-data; name=", &body[..]].concat());
        }
    }
}
