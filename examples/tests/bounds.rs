//! What it costs a server to refuse: the examples are sent what is meant to exhaust them, and have to answer
//! a good request afterwards, with no more than 64 MiB of memory above what they had at the start.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use auth_core::Algorithm;
use auth_testing::TestIssuer;
use auth_testing::conformance;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use self::running::{PROTECTED, Running, example};

const SECRET: &str = "a secret of more than thirty-two bytes";
const MOST_GROWTH: u64 = 64 * 1024; // KiB
/// The good token outlives the test.
const DAY: i64 = 24 * 60 * 60;

/// All of it with optimization (`cargo test --release`); without, a tenth, which takes as long.
const SHARE: usize = if cfg!(debug_assertions) { 10 } else { 1 };

/// After this time a server counts as one that hangs. Far longer than anything takes on a busy machine.
const HANGS: Duration = Duration::from_secs(300);

/// How many connections in a row a server may give up without an answer. actix-web waits 5 seconds for a request, by a
/// clock that it cannot set while others have the processor; `axum::serve` waits for ever.
const MOST_GIVEN_UP: usize = 100;

/// How often each of the requests that a server reads to the end is sent.
const OFTEN: usize = 10_000 / SHARE;
const DISTINCT_TOKENS: usize = 1_000_000 / SHARE;

struct Server {
    name: &'static str,
    running: Running,
    good: String,
    /// In KiB, before anything was sent.
    memory: u64,
}

impl Server {
    fn start(name: &'static str, issuer: &TestIssuer) -> Self {
        let mut command = example(name);
        let running = Running::start({
            command.env("AUTH_SECRET", SECRET);
            command
        });
        let memory = resident_memory(running.child.id());
        let good = issuer.token("alice").claim_at("exp", DAY).sign();
        let server = Self { name, running, good: request(&good), memory };
        server.still_answers("its start");
        server
    }

    fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Sends what a server may refuse however it likes, or cut off.
    fn survives(&self, what: &str, request: &str) {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream.set_write_timeout(Some(HANGS)).unwrap();
        // The server may have answered and closed before all was sent.
        let _ = stream.write_all(request.as_bytes());
        let mut line = Vec::new();
        let _ = BufReader::new(&stream).read_until(b'\n', &mut line);
        let line = String::from_utf8_lossy(&line);
        assert!(!line.contains(" 200 ") && !line.contains(" 5"), "{}: {what}: {line}", self.name);
        let answer = if line.is_empty() { "closed" } else { line.trim() };
        self.report(what, &format!("{answer}, {:.1} ms", begin.elapsed().as_secs_f64() * 1e3));
    }

    /// Sends one request after the other without waiting for answers, all of which must have this status.
    ///
    /// If the machine is busy with something else, a server may wait so long for a request that it gives up the
    /// connection. What it has not answered is sent on another one then, as RFC 9112 section 9.3.2 has it.
    fn refuses_all(&self, what: &str, status: u16, count: usize, request: impl Fn(usize) -> String + Sync) {
        let begin = Instant::now();
        let (mut answered, mut given_up, mut in_a_row) = (0, 0, 0);
        while answered < count {
            let more = self.refuses_on_one_connection(what, status, (answered..count).map(&request));
            answered += more;
            if answered < count {
                given_up += 1;
                in_a_row = if more > 0 { 0 } else { in_a_row + 1 };
                assert!(in_a_row <= MOST_GIVEN_UP, "{}: {what}: only {answered} answers", self.name);
                // Leaves the server the processor, so that it can set its clock.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        let each = begin.elapsed().as_secs_f64() * 1e6 / count as f64;
        let how = format!("{count} times {status}, {each:.1} us each, {given_up} connections given up");
        self.report(what, &how);
    }

    /// Tells how many requests were answered before the server closed the connection, or all.
    fn refuses_on_one_connection(
        &self,
        what: &str,
        status: u16,
        requests: impl ExactSizeIterator<Item = String> + Send,
    ) -> usize {
        let count = requests.len();
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream.set_write_timeout(Some(HANGS)).unwrap();
        let expected = format!("HTTP/1.1 {status} ");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = BufWriter::with_capacity(64 * 1024, &stream);
                // The reader sees whether the server has closed the connection.
                let _ = requests.map(|request| writer.write_all(request.as_bytes())).find(Result::is_err);
            });
            let mut reader = BufReader::with_capacity(64 * 1024, &stream);
            let (mut answers, mut line) = (0, Vec::new());
            while answers < count {
                line.clear();
                match reader.read_until(b'\n', &mut line) {
                    Ok(0) => break,
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                    read => read.unwrap(),
                };
                // The body ends without a line break, so that the next answer begins in its line.
                let text = String::from_utf8_lossy(&line);
                let Some(start) = text.find("HTTP/1.1 ").filter(|_| text.ends_with('\n')) else { continue };
                let answer = text.get(start..).unwrap();
                if answer.starts_with("HTTP/1.1 408 ") {
                    break;
                }
                assert!(answer.starts_with(&expected), "{}: {what}: {answer}", self.name);
                answers += 1;
            }
            let _ = stream.shutdown(Shutdown::Both);
            answers
        })
    }

    fn report(&self, what: &str, how: &str) {
        let growth = self.still_answers(what);
        println!("summary: bounds: {}, {what}: {how}; {growth:+} KiB resident since the start", self.name);
    }

    /// Tells the growth of the memory in KiB.
    fn still_answers(&self, after: &str) -> i64 {
        let answer = conformance::send(self.address(), self.good.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{} after {after}", self.name);
        let memory = resident_memory(self.running.child.id());
        assert!(memory <= self.memory + MOST_GROWTH, "{}: {memory} KiB after {after}", self.name);
        i64::try_from(memory).unwrap() - i64::try_from(self.memory).unwrap()
    }
}

/// In KiB.
#[cfg(target_os = "linux")]
fn resident_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// In KiB.
#[cfg(not(target_os = "linux"))]
fn resident_memory(pid: u32) -> u64 {
    let output = std::process::Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().parse().unwrap()
}

fn request(token: &str) -> String {
    request_with(token, "Connection: close\r\n")
}

fn request_with(token: &str, more: &str) -> String {
    format!("GET /protected HTTP/1.1\r\nHost: a\r\n{more}Authorization: Bearer {token}\r\n\r\n")
}

/// An object with as many members as there is room for.
fn full_of_members(bytes: usize) -> String {
    let members: Map<String, Value> =
        (0..bytes / 9).map(|index| (format!("{index:04x}"), 0.into())).collect();
    Value::from(members).to_string()
}

#[test]
fn what_is_meant_to_exhaust_a_server_does_not() {
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, SECRET);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (_, payload) = {
        let good = issuer.good("alice");
        let mut segments = good.split('.').map(str::to_owned);
        (segments.next().unwrap(), segments.next().unwrap())
    };
    let header = encode(br#"{"alg":"HS256"}"#);
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for name in PROTECTED {
        let server = Server::start(name, &issuer);
        server.survives("header value of 8 MB", &request(&"a".repeat(8_000_000)));
        server.survives("token of a million dots", &request(&".".repeat(1_000_000)));
        let members = encode(full_of_members(900_000).as_bytes());
        server.survives("100,000 members in the claims", &request(&issuer.sign_segments(&header, &members)));

        let often = |what, token: String| server.refuses_all(what, 401, OFTEN, |_| request_with(&token, ""));
        often("8 KiB of dots", ".".repeat(8192));
        let members = encode(full_of_members(5_900).as_bytes());
        often("header full of members", issuer.sign_segments(&members, &payload));
        often("claims full of members", issuer.sign_segments(&header, &members));
        let deep = encode(nested(2_900).as_bytes());
        often("claims nested 2,900 levels", issuer.sign_segments(&header, &deep));
        server.refuses_all("distinct tokens", 401, DISTINCT_TOKENS, |index: usize| {
            request_with(&format!("{header}.{payload}.{}", encode(&index.to_be_bytes())), "")
        });
    }
}
