//! Reading requests from a connection.

use std::io::{self, Read};
use std::net::TcpStream;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Version, header};

/// A longer head is a bad request.
const MAX_HEAD: usize = 16 * 1024;

/// A longer body is one, too.
const MAX_BODY: usize = 128 * 1024;
const MAX_FIELDS: usize = 64;

pub(crate) struct RequestReader<'a> {
    stream: &'a TcpStream,
    unread: Vec<u8>,
}

impl<'a> RequestReader<'a> {
    pub(crate) fn new(stream: &'a TcpStream) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// Reads the next request, with its body if its length is announced; `None` if the client has closed the connection.
    ///
    /// An error of kind `InvalidData` is one of the request.
    pub(crate) fn read(&mut self) -> io::Result<Option<Request<Vec<u8>>>> {
        let (request, length) = loop {
            if let Some(parsed) = parse(&self.unread)? {
                break parsed;
            }
            if self.unread.len() > MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if !self.read_more()? {
                return Ok(None);
            }
        };
        self.unread.drain(..length);
        let length = body_length(&request)?;
        while self.unread.len() < length {
            if !self.read_more()? {
                return Ok(None);
            }
        }
        let body = self.unread.drain(..length).collect();
        Ok(Some(request.map(|()| body)))
    }

    /// `false` if the client has closed the connection.
    fn read_more(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 1024];
        let length = self.stream.read(&mut chunk)?;
        self.unread.extend(chunk.iter().take(length));
        Ok(length > 0)
    }

    /// Reads and forgets, until the client closes the connection or the provider does.
    pub(crate) fn read_to_the_end(&mut self) {
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }
}

fn body_length(request: &Request<()>) -> io::Result<usize> {
    let Some(length) = request.headers().get(header::CONTENT_LENGTH) else { return Ok(0) };
    let length: usize = length.to_str().map_err(invalid)?.parse().map_err(invalid)?;
    if length > MAX_BODY { Err(io::ErrorKind::InvalidData.into()) } else { Ok(length) }
}

/// Whether the connection serves the next request, too. It does not after a body in chunks, which is never read.
pub(crate) fn keeps_alive(request: &Request<Vec<u8>>) -> bool {
    let fields = request.headers();
    let has_body = fields.contains_key(header::TRANSFER_ENCODING);
    let says_close = fields
        .get_all(header::CONNECTION)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("close")));
    request.version() == Version::HTTP_11 && !has_body && !says_close
}

/// A request and the length of its head; `None` if the head is not complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request<()>, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(bytes).map_err(invalid)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let mut request = Request::builder()
        .method(parsed.method.unwrap_or_default())
        .uri(parsed.path.unwrap_or_default())
        .version(if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 })
        .body(())
        .map_err(invalid)?;
    *request.headers_mut() = parsed.headers.iter().map(field).collect::<io::Result<HeaderMap>>()?;
    Ok(Some((request, length)))
}

fn field(field: &httparse::Header<'_>) -> io::Result<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(invalid)?;
    Ok((name, HeaderValue::from_bytes(field.value).map_err(invalid)?))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
