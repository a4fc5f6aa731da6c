//! Sends bytes, reads an answer. Any HTTP client would tidy up what is sent here on purpose.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields that every server adds as it likes.
const OF_THE_SERVER: [&str; 4] = ["connection", "content-length", "date", "server"];

/// An answer, as far as it matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values of the fields, but for `Content-Length`, which was checked, and
    /// `Connection`, `Date` and `Server`; sorted.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Without the fields of this name.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut answer = self.clone();
        answer.headers.retain(|(field, _)| field != name);
        answer
    }
}

/// Sends one request, given as the bytes to send, on a connection of its own. It must ask for the
/// connection to be closed.
///
/// # Errors
///
/// What went wrong: no connection, no answer in ten seconds, or no HTTP/1.1 answer of sound length.
pub fn send(address: SocketAddr, request: &[u8]) -> Result<Answer, String> {
    let exchange = || {
        let mut stream = connect(address)?;
        stream.write_all(request)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let bytes = exchange().map_err(|error: std::io::Error| format!("no answer: {error}"))?;
    parse(&bytes, request.starts_with(b"HEAD "))
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The first field of this name, given in lower case.
    pub(crate) fn field(&self, wanted: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }
}

/// As [`send`], for an answer of which only the head matters: its body may be of any kind, and never end.
pub(crate) fn send_for_head(address: SocketAddr, request: &[u8]) -> Result<Head, String> {
    let failed = |error: std::io::Error| format!("no answer: {error}");
    let mut stream = connect(address).map_err(failed)?;
    stream.write_all(request).map_err(failed)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let (head, _) = parse_head(&bytes)?;
            // RFC 9110 section 15.2: that is not the answer yet.
            if !(100..200).contains(&head.status) {
                return Ok(head);
            }
            bytes.drain(..end + 4);
        }
        match stream.read(&mut chunk).map_err(failed)? {
            0 => return Err("the answer ends within its head".to_owned()),
            length => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn parse_head(bytes: &[u8]) -> Result<(Head, usize), String> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let parsed = response.parse(bytes).map_err(|error| format!("not an HTTP answer: {error}"))?;
    let httparse::Status::Complete(length) = parsed else {
        return Err("the answer ends within its head".to_owned());
    };
    let fields = response
        .headers
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned()))
        .collect();
    Ok((Head { status: response.code.unwrap_or_default(), fields }, length))
}

fn parse(bytes: &[u8], head_only: bool) -> Result<Answer, String> {
    let (Head { status, fields: mut headers }, head_length) = parse_head(bytes)?;
    let body = bytes.get(head_length..).unwrap_or_default();
    let announced =
        headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.as_str());
    if !head_only && announced != Some(&body.len().to_string()) {
        return Err(format!("content-length is {announced:?}, the body has {} bytes", body.len()));
    }
    headers.retain(|(name, _)| !OF_THE_SERVER.contains(&name.as_str()));
    headers.sort();
    Ok(Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_of_an_answer_is_kept() {
        let bytes = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nDate: now\r\nContent-Length: 2\r\n\r\nno";
        let answer = parse(bytes, false).expect("an answer");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers, [("www-authenticate".to_owned(), "Bearer".to_owned())]);
        assert_eq!(answer.body, "no");
    }

    #[test]
    fn broken_answers_are_told() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno",
            "HTTP/1.1 200 OK\r\n\r\nno",
        ] {
            assert!(parse(bytes.as_bytes(), false).is_err(), "{bytes}");
        }
    }
}
