use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;

/// Each thread owns the site: while one is left, somebody does.
#[test]
fn no_thread_outlives_the_provider() {
    let provider = TestIdentityProvider::start_with_clock(TestClock::default());
    let address = provider.issuer().trim_start_matches("http://").to_owned();
    let open = |behavior, request: &str| {
        provider.behave(Endpoint::Keys, behavior);
        let before = provider.requests(Endpoint::Keys);
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        if request.ends_with("\r\n\r\n") {
            provider.wait_for_requests(Endpoint::Keys, before + 1);
        }
        stream
    };
    let (whole, half) = ("GET /jwks HTTP/1.1\r\n\r\n", "GET /jwks HT");
    let mut streams = vec![
        open(Behavior::Hang, whole),
        open(Behavior::Delay(Duration::MAX), whole),
        open(Behavior::Drip(Duration::from_secs(1)), whole),
        // More than the system buffers: it waits for a client that never reads.
        open(Behavior::Huge(1 << 30), whole),
        open(Behavior::Normal, half),
        open(Behavior::Normal, ""),
    ];
    let site = Arc::downgrade(&provider.site);
    drop(provider);
    assert_eq!(site.strong_count(), 0);
    for stream in &mut streams {
        let _ = stream.read_to_end(&mut Vec::new());
    }
}
