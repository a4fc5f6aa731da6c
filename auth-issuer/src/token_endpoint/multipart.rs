//! Forms in parts ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), whole in memory.
//!
//! Stricter than that RFC, since two readers must not find different parameters in one body:
//!
//! 1. Nothing stands before the first boundary, and at most a line break after the last.
//! 2. Lines end by CR LF, and no header is folded.
//! 3. Each part has one `Content-Disposition`, which holds `form-data` and a name and nothing else. So files are refused.
//! 4. A `Content-Type` is `text/plain`, in UTF-8. A `Content-Transfer-Encoding` leaves the value as it is.

/// The characters of a boundary beside letters and digits
/// ([RFC 2046 section 5.1.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1)), and those that need quotes.
const BOUNDARY_MARKS: &[u8] = b"'+_-.";
const QUOTED_BOUNDARY_MARKS: &[u8] = b"(),/:=? ";
const MAX_BOUNDARY_BYTES: usize = 70;

/// The content type of a form in parts, with its boundary if that is a sound one. Returns `None` for another type.
pub(super) fn content_type(value: &[u8]) -> Option<Option<&[u8]>> {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is_multipart = parts.next()?.eq_ignore_ascii_case(b"multipart/form-data");
    let mut parameters = parts.filter(|part| !part.is_empty());
    let boundary = parameters.next().and_then(boundary).filter(|_| parameters.next().is_none());
    is_multipart.then_some(boundary.filter(|_| !value.iter().any(u8::is_ascii_control)))
}

fn boundary(parameter: &[u8]) -> Option<&[u8]> {
    let (boundary, is_quoted) = unquoted(after(parameter, b"boundary=")?)?;
    let is_sound = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || BOUNDARY_MARKS.contains(byte)
            || is_quoted && QUOTED_BOUNDARY_MARKS.contains(byte)
    };
    let fits = (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) && !boundary.ends_with(b" ");
    (fits && boundary.iter().all(is_sound)).then_some(boundary)
}

/// Takes quotes away, and tells whether there were any.
fn unquoted(value: &[u8]) -> Option<(&[u8], bool)> {
    match value.strip_prefix(b"\"") {
        Some(quoted) => Some((quoted.strip_suffix(b"\"")?, true)),
        None => Some((value, false)),
    }
}

/// Returns names and values, in order. Returns `None` if the body is no such form.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Option<Vec<(&'a [u8], &'a [u8])>> {
    let delimiter = [b"\r\n--", boundary].concat();
    let mut rest = body.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return matches!(end, b"" | b"\r\n").then_some(parts);
        }
        let (headers, content) = split(rest.strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
        let (value, next) = split(content, &delimiter)?;
        parts.push((name(headers)?, value));
        rest = next;
    }
}

fn split<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = text.windows(at.len()).position(|window| window == at)?;
    Some((text.get(..start)?, text.get(start + at.len()..)?))
}

/// Returns the name of the part with these headers.
fn name(headers: &[u8]) -> Option<&[u8]> {
    let (mut disposition, mut content_type, mut encoding) = (None, None, None);
    let mut rest = Some(headers);
    while let Some(text) = rest {
        let (line, next) = split(text, b"\r\n").map_or((text, None), |(line, next)| (line, Some(next)));
        rest = next;
        let (field, value) = split(line, b":")?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if field.is_empty() || !field.iter().all(is_name) || value.iter().any(is_control) {
            return None;
        }
        let known = match field.to_ascii_lowercase().as_slice() {
            b"content-disposition" => &mut disposition,
            b"content-type" => &mut content_type,
            b"content-transfer-encoding" => &mut encoding,
            _ => continue,
        };
        if known.replace(value.trim_ascii()).is_some() {
            return None;
        }
    }
    let is_plain = content_type.is_none_or(is_plain_text) && encoding.is_none_or(leaves_values_as_they_are);
    disposition.and_then(form_data_name).filter(|_| is_plain)
}

fn form_data_name(disposition: &[u8]) -> Option<&[u8]> {
    let parameter = after(disposition, b"form-data")?.trim_ascii().strip_prefix(b";")?.trim_ascii();
    let (name, is_quoted) = unquoted(after(parameter, b"name=")?)?;
    // No character by which a laxer reader could find another parameter in it.
    let is_sound =
        |byte: &u8| !byte.is_ascii_control() && !b"\"\\;=".contains(byte) && (is_quoted || *byte != b' ');
    (!name.is_empty() && name.iter().all(is_sound)).then_some(name)
}

fn is_plain_text(content_type: &[u8]) -> bool {
    let mut parts = content_type.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is = |part: &[u8], wanted: &[u8]| part.eq_ignore_ascii_case(wanted);
    let is_utf8 =
        |part| is(part, b"charset=utf-8") || is(part, b"charset=\"utf-8\"") || is(part, b"charset=us-ascii");
    parts.next().is_some_and(|part| is(part, b"text/plain")) && parts.all(is_utf8)
}

fn leaves_values_as_they_are(encoding: &[u8]) -> bool {
    [&b"7bit"[..], b"8bit", b"binary"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
}

/// Returns what follows a prefix in any case.
fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (begin, rest) = text.split_at_checked(prefix.len())?;
    begin.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::convert::Infallible;

    use bytes::Bytes;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// What forms in parts are made of, and what breaks them.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let known = proptest::sample::select(vec![
            "--X",
            "--X--",
            "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
            "--X\r\ncontent-disposition:form-data;name=b\r\nContent-Type: text/plain\r\n\r\n",
            "--X\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: form-data; name=\"c d\"\r\n\r\n",
            "Content-Disposition: form-data; name=\"b\"; filename=\"c\"\r\n",
            "form-data;",
            "filename=x",
            "name=\"",
            "\r\n",
            "\n",
            "\r",
            "--",
            "-",
            ":",
            ";",
            "\"",
            "\\",
            "value",
            "\u{e9}",
        ]);
        prop_oneof![9 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..4)]
    }

    /// A form, in which a few pieces were put anywhere.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let part = (0..3_usize, vec(piece(), 0..3)).prop_map(|(header, value)| {
            let headers = [
                "Content-Disposition: form-data; name=\"a\"",
                "content-disposition:form-data;name=b\r\nContent-Type: text/plain",
                "Content-Transfer-Encoding: 8bit\r\nContent-Disposition: form-data; name=\"c d\"",
            ];
            let header = headers.get(header).unwrap_or(&"").as_bytes();
            [b"--X\r\n", header, b"\r\n\r\n", &value.concat(), b"\r\n"].concat()
        });
        let form = vec(part, 0..4).prop_map(|parts| [&parts.concat()[..], b"--X--\r\n"].concat());
        (form, vec((any::<proptest::sample::Index>(), piece()), 0..3)).prop_map(|(mut form, pieces)| {
            for (place, piece) in pieces {
                let place = place.index(form.len() + 1);
                form.splice(place..place, piece);
            }
            form
        })
    }

    fn by_multer(body: &[u8]) -> Option<Vec<(String, Bytes)>> {
        let whole = Bytes::copy_from_slice(body);
        let stream = futures_util::stream::iter([Ok::<_, Infallible>(whole)]);
        let mut multipart = multer::Multipart::new(stream, "X");
        futures_executor::block_on(async {
            let mut parts = Vec::new();
            while let Some(field) = multipart.next_field().await.ok()? {
                assert_eq!(field.file_name(), None);
                let name = field.name()?.to_owned();
                parts.push((name, field.bytes().await.ok()?));
            }
            Some(parts)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn another_reader_finds_the_same(body in prop_oneof![3 => body(), 1 => vec(piece(), 0..16).prop_map(|pieces| pieces.concat())]) {
            if let Some(parts) = parts(&body, b"X") {
                let same = |(name, value): (&[u8], &[u8])| {
                    (String::from_utf8_lossy(name).into_owned(), Bytes::copy_from_slice(value))
                };
                // multer finds no name that is not UTF-8, which is refused later on.
                if parts.iter().all(|(name, _)| str::from_utf8(name).is_ok()) {
                    prop_assert_eq!(by_multer(&body), Some(parts.into_iter().map(same).collect()));
                }
            }
        }

        #[test]
        fn what_was_written_is_what_is_read(values in vec(vec(any::<u8>(), 0..40), 0..5)) {
            let boundary = b"Boundary-of-this-test";
            let mut form = Vec::new();
            for value in &values {
                form.extend([b"--", &boundary[..], b"\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n", value, b"\r\n"].concat());
            }
            form.extend([b"--", &boundary[..], b"--\r\n"].concat());
            let read = parts(&form, boundary).map(|parts| parts.into_iter().map(|(_, value)| value.to_vec()).collect());
            prop_assert_eq!(read, Some(values));
        }

        #[test]
        fn any_content_type_is_read_or_refused(value in vec(any::<u8>(), 0..60), tail in ".{0,80}") {
            let _ = content_type(&value);
            let named = format!("multipart/form-data; boundary={tail}");
            if let Some(Some(boundary)) = content_type(named.as_bytes()) {
                // White space behind a field is none of its value (RFC 9110 section 5.5).
                let same = multer::parse_boundary(named.trim_end_matches([' ', '\t']));
                prop_assert!(same.is_ok_and(|same| same.as_bytes() == boundary), "{}", tail);
            }
        }
    }
}
