//! Sends bytes, reads an answer. Any HTTP client would tidy up what is sent here on purpose.

use std::fmt;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// After this time a server counts as one that hangs. Far longer than any answer takes on a busy machine.
pub(super) const HANGS: Duration = Duration::from_secs(120);

/// How often a request is sent if the server answers each time that it waited too long for it.
const MOST_ATTEMPTS: usize = 10;
const REQUEST_TIMEOUT: u16 = 408;

/// The fields that every server adds as it likes.
pub(super) const OF_THE_SERVER: [&str; 4] = ["connection", "content-length", "date", "server"];

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
/// connection to be closed. Repeats it if the server answers 408.
///
/// # Errors
///
/// What went wrong: no connection, no answer in two minutes, or no HTTP/1.1 answer of sound length.
pub fn send(address: SocketAddr, request: &[u8]) -> Result<Answer, String> {
    try_to_send(address, request).map_err(|failure| failure.to_string())
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server does not answer, and would not answer another request either.
    Hangs,
    /// This request got no answer, or a broken one.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hangs => write!(f, "no answer in {} seconds", HANGS.as_secs()),
            Self::Broken(complaint) => f.write_str(complaint),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Hangs,
            _ => Self::Broken(format!("no answer: {error}")),
        }
    }
}

/// As [`send`], with a failure that says whether it is worth while to send more.
pub(super) fn try_to_send(address: SocketAddr, request: &[u8]) -> Result<Answer, Failure> {
    let send = || {
        let bytes = exchange(address, request)?;
        parse(&bytes, request.starts_with(b"HEAD ")).map_err(Failure::Broken)
    };
    repeat_if_late(send, |answer| answer.status)
}

fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(address)?;
    // A server need not read all of what it refuses: the connection may break while the rest is sent.
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() || error.kind() != ErrorKind::ConnectionReset => Err(error),
        _ if answer.is_empty() => sent.map(|()| answer),
        _ => Ok(answer),
    }
}

/// Repeats a request that the server answers 408, as [RFC 9110 section
/// 15.5.9](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9) has it. Servers answer so if a client connects and
/// sends nothing for some seconds; here that happens only while the machine is busy with something else.
fn repeat_if_late<T>(
    send: impl Fn() -> Result<T, Failure>,
    status: impl Fn(&T) -> u16,
) -> Result<T, Failure> {
    for _ in 1..MOST_ATTEMPTS {
        match send() {
            Ok(answer) if status(&answer) == REQUEST_TIMEOUT => {}
            outcome => return outcome,
        }
    }
    send()
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
    repeat_if_late(|| exchange_for_head(address, request), |head| head.status)
        .map_err(|failure| failure.to_string())
}

fn exchange_for_head(address: SocketAddr, request: &[u8]) -> Result<Head, Failure> {
    let mut stream = connect(address)?;
    stream.write_all(request)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let (head, _) = parse_head(&bytes).map_err(Failure::Broken)?;
            // RFC 9110 section 15.2: that is not the answer yet.
            if !(100..200).contains(&head.status) {
                return Ok(head);
            }
            bytes.drain(..end + 4);
        }
        match stream.read(&mut chunk)? {
            0 => return Err(Failure::Broken("the answer ends within its head".to_owned())),
            length => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, HANGS)?;
    stream.set_read_timeout(Some(HANGS))?;
    stream.set_write_timeout(Some(HANGS))?;
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
    // RFC 9110 section 8.6: 204 has no body, and does not say so.
    let is_whole = if status == 204 { body.is_empty() } else { announced == Some(&body.len().to_string()) };
    if !head_only && !is_whole {
        return Err(format!("content-length is {announced:?}, the body has {} bytes", body.len()));
    }
    headers.retain(|(name, _)| !OF_THE_SERVER.contains(&name.as_str()));
    headers.sort();
    Ok(Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread::JoinHandle;

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
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\nno",
        ] {
            assert!(parse(bytes.as_bytes(), false).is_err(), "{bytes}");
        }
        assert!(parse(b"HTTP/1.1 204 No Content\r\n\r\n", false).is_ok());
    }

    /// Gives these answers, each on a connection of its own, and reads no more than this much of a request.
    fn serve(answers: Vec<&'static str>, reads: usize) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let server = std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a client comes");
                stream.read_exact(&mut vec![0; reads]).expect("it sends that much");
                stream.write_all(answer.as_bytes()).expect("it reads");
            }
        });
        (address, server)
    }

    const LATE: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
    const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    #[test]
    fn a_request_that_came_too_late_is_repeated() {
        let (address, server) = serve(vec![LATE, LATE, GOOD], 1);
        assert_eq!(send(address, b"G").expect("an answer").status, 200);
        server.join().expect("three clients came");
        let (address, server) = serve(vec![LATE, GOOD], 1);
        assert_eq!(send_for_head(address, b"G").expect("an answer").status, 200);
        server.join().expect("two clients came");
        let (address, server) = serve(vec![LATE; MOST_ATTEMPTS], 1);
        assert_eq!(send(address, b"G").expect("an answer").status, 408);
        server.join().expect("no more clients came");
    }

    #[cfg(unix)] // Windows drops what was received before a reset.
    #[test]
    fn an_answer_before_all_was_sent_is_read() {
        let (address, server) = serve(vec![GOOD], 1);
        // More than the system keeps for a server that does not read.
        assert_eq!(send(address, &[b'G'; 16 * 1024 * 1024]).expect("an answer").body, "ok");
        server.join().expect("one client came");
    }
}
