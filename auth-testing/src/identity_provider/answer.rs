//! Answers, and how they are sent.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::clock::TestClock;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
}

/// How an answer is sent, if it is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Manner {
    AtOnce,
    After(Duration),
    /// One byte of the body after each interval.
    Drip(Duration),
    /// In chunks, with spaces behind the body up to this many bytes.
    Padded(usize),
    /// Announces more than it sends, then closes.
    Short,
    Never,
    Close,
}

/// The time by which an answer is sent.
pub(crate) struct Pace<'a> {
    pub(crate) clock: &'a TestClock,
    /// When the request was read.
    pub(crate) start: Duration,
    /// Whether the provider has closed the connection.
    pub(crate) ended: &'a AtomicBool,
}

impl Pace<'_> {
    /// Waits until this much has passed since the request.
    fn wait(&self, time: Duration) -> io::Result<()> {
        let until = self.start.saturating_add(time);
        let due = self.clock.block_until_or(until, || self.ended.load(Ordering::SeqCst));
        if due { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    }
}

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, fields: HeaderMap::new(), body: Vec::new(), manner: Manner::AtOnce }
    }

    pub(crate) fn json(body: Vec<u8>, manner: Manner) -> Self {
        let json = HeaderValue::from_static("application/json");
        let fields = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        Self { status: StatusCode::OK, fields, body, manner }
    }

    /// Whether 304 may take its place: it is a document, and sent in whole.
    pub(crate) fn may_be_validated(&self) -> bool {
        let whole = matches!(self.manner, Manner::AtOnce | Manner::After(_) | Manner::Drip(_));
        self.status == StatusCode::OK && !self.body.is_empty() && whole
    }

    pub(crate) fn not_modified(mut self) -> Self {
        self.fields.remove(header::CONTENT_TYPE);
        Self { status: StatusCode::NOT_MODIFIED, body: Vec::new(), ..self }
    }

    pub(crate) fn close(mut self) -> Self {
        self.fields.insert(header::CONNECTION, HeaderValue::from_static("close"));
        self
    }

    /// Sends it. The error `ConnectionAborted` is no fault: the connection is to be closed.
    pub(crate) fn send(mut self, mut stream: &TcpStream, pace: &Pace<'_>) -> io::Result<()> {
        match self.manner {
            Manner::AtOnce => self.send_whole(stream),
            Manner::After(time) => {
                pace.wait(time)?;
                self.send_whole(stream)
            }
            Manner::Drip(interval) => {
                self.announce(self.body.len());
                stream.write_all(self.head().as_bytes())?;
                let mut time = Duration::ZERO;
                for byte in &self.body {
                    time = time.saturating_add(interval);
                    pace.wait(time)?;
                    stream.write_all(&[*byte])?;
                }
                Ok(())
            }
            Manner::Padded(bytes) => self.send_padded(stream, bytes),
            Manner::Short => {
                self.announce(self.body.len() + 1);
                self.send_whole(stream)?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Manner::Never | Manner::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn send_whole(&mut self, mut stream: &TcpStream) -> io::Result<()> {
        self.announce(self.body.len());
        let mut bytes = self.head().into_bytes();
        bytes.extend(&self.body);
        stream.write_all(&bytes)
    }

    fn send_padded(&mut self, mut stream: &TcpStream, bytes: usize) -> io::Result<()> {
        const SPACES: &[u8] = &[b' '; 8 * 1024];
        self.fields.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        stream.write_all(self.head().as_bytes())?;
        send_chunk(stream, &self.body)?;
        let mut left = bytes.saturating_sub(self.body.len());
        while left > 0 {
            let spaces = SPACES.get(..left).unwrap_or(SPACES);
            send_chunk(stream, spaces)?;
            left -= spaces.len();
        }
        stream.write_all(b"0\r\n\r\n")
    }

    /// Says how long the body is, unless the test says it, or the status has none.
    fn announce(&mut self, length: usize) {
        let has_body = !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if has_body {
            self.fields.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
    }

    fn head(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status.as_u16());
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
        }
        head + "\r\n"
    }
}

fn send_chunk(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes())?;
    stream.write_all(bytes)?;
    stream.write_all(b"\r\n")
}
