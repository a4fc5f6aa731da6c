//! Answers that are slow, huge or endless: they take so much time and room, and no more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use auth_oidc::Oidc;
use auth_testing::{Behavior, Endpoint};

use crate::service::{AUDIENCE, Service, run_others, seconds, until};

const GIB: usize = 1 << 30;

/// Of a key set; and what the system's buffers may hold beside it, on either side.
const READ: usize = 256 * 1024;
const BUFFERED: usize = 32 << 20;

/// An attempt that gets no answer ends by the clock, in which nobody waits for a known key.
async fn ends_after_five_seconds(behavior: Behavior) {
    let service = Service::start().await;
    // An answer 304 would be neither slow nor large.
    service.provider.without_validators();
    service.pass(seconds(31)).await;
    let (token, unknown) = (service.token(), service.unknown("unknown"));
    service.provider.behave(Endpoint::Keys, behavior.clone());
    let fetches = service.fetches();
    let start = service.clock.elapsed();
    let waiting = async { service.is_unavailable(&unknown).await };
    let ticking = async {
        until(|| service.fetches() > fetches).await;
        for second in 0..5 {
            assert_eq!(service.verifier.stats().failures, 0, "{behavior:?}: {second}");
            service.accepts(&token).await;
            run_others().await;
            service.clock.advance(seconds(1));
        }
        until(|| service.verifier.stats().failures == 1).await;
        assert_eq!(service.clock.elapsed() - start, seconds(5), "{behavior:?}");
    };
    let (is_unavailable, ()) = tokio::join!(waiting, ticking);
    assert!(is_unavailable, "{behavior:?}");
    service.accepts(&token).await;

    service.provider.behave(Endpoint::Keys, Behavior::Normal);
    let connection_is_closed = || service.clock.sleepers() <= 1;
    while !service.is_ready() || !connection_is_closed() {
        service.clock.advance(Duration::from_millis(500));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(service.clock.elapsed() < start + seconds(3600), "{behavior:?}: it does not recover");
    }
    service.accepts(&token).await;
}

#[tokio::test]
async fn a_byte_a_second_ends_after_five() {
    ends_after_five_seconds(Behavior::Drip(seconds(1))).await;
}

#[tokio::test]
async fn silence_ends_after_five_seconds() {
    ends_after_five_seconds(Behavior::Hang).await;
    ends_after_five_seconds(Behavior::Delay(seconds(6))).await;
}

#[tokio::test]
async fn a_gibibyte_is_not_read_and_replaces_nothing() {
    let service = Service::start().await;
    for endpoint in [Endpoint::Keys, Endpoint::Metadata] {
        service.provider.behave(endpoint, Behavior::Huge(GIB));
        let before = peak_memory();
        let failures = service.verifier.stats().failures;
        let fails = |service: &Service| service.verifier.stats().failures > failures;
        service.pass_until(fails).await;
        service.accepts(&service.token()).await;
        // Tests beside this one have their share.
        assert!(peak_memory() - before < GIB / 4, "{endpoint:?}");
        let error = Oidc::issuer(service.provider.issuer()).audience(AUDIENCE).connect().await.unwrap_err();
        let bound = if endpoint == Endpoint::Keys { READ } else { 64 * 1024 };
        let told = format!("has more than the {bound} bytes allowed");
        assert!(error.to_string().contains(&told), "{error}");
        service.provider.behave(endpoint, Behavior::Normal);
        service.pass_until(Service::is_ready).await;
        service.accepts(&service.token()).await;
    }
}

/// Announced by `Content-Length`, in chunks, and without either.
#[tokio::test]
async fn no_more_is_taken_of_an_endless_answer_than_the_bound_and_what_is_on_the_way() {
    for head in ["Transfer-Encoding: chunked\r\n\r\n", "\r\n", "Content-Length: 1073741824\r\n\r\n"] {
        let server = Endless::start(head);
        let oidc = Oidc::issuer("https://id.example").audience(AUDIENCE).jwks_uri(&*server.address);
        let error = oidc.connect().await.unwrap_err().to_string();
        assert!(error.contains("has more than the 262144 bytes allowed"), "{error}");
        let sent = server.sent.join().unwrap();
        assert!(sent < READ + BUFFERED, "{head:?}: {sent} bytes of {GIB}");
    }
}

/// Answers one request by a gibibyte, unless the client has had enough.
struct Endless {
    address: String,
    sent: JoinHandle<usize>,
}

impl Endless {
    fn start(head: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}/keys", listener.local_addr().unwrap());
        let sent = std::thread::spawn(move || answer(&listener.accept().unwrap().0, head));
        Self { address, sent }
    }
}

/// How many bytes of the body were taken.
fn answer(mut stream: &TcpStream, head: &str) -> usize {
    let mut request = BufReader::new(stream).lines();
    while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let is_chunked = head.starts_with("Transfer");
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}").as_bytes()).unwrap();
    let spaces = " ".repeat(16 * 1024);
    let part = if is_chunked { format!("4000\r\n{spaces}\r\n") } else { spaces.clone() };
    let mut sent = 0;
    while sent < GIB && stream.write_all(part.as_bytes()).is_ok() {
        sent += spaces.len();
    }
    sent
}

/// The most memory that this process has had, in bytes; zero where the system does not say.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kibibytes.unwrap_or_default() * 1024
}
