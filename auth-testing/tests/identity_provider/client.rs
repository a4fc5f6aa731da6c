//! A client that sees every byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use auth_testing::{TestClock, TestIdentityProvider};
use serde_json::Value;

pub(crate) const OPENID: &str = "/.well-known/openid-configuration";

pub(crate) fn start() -> TestIdentityProvider {
    TestIdentityProvider::start_with_clock(TestClock::default())
}

pub(crate) fn connect(provider: &TestIdentityProvider) -> TcpStream {
    let authority = provider.issuer().trim_start_matches("http://").split('/').next();
    TcpStream::connect(authority.unwrap()).unwrap()
}

pub(crate) fn send(stream: &mut TcpStream, path: &str, fields: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: idp\r\n{fields}\r\n").as_bytes()).unwrap();
}

pub(crate) fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A connection that is reset has ended, too.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// Head and body, from a connection of its own.
pub(crate) fn get_with(provider: &TestIdentityProvider, path: &str, fields: &str) -> (String, Vec<u8>) {
    let mut stream = connect(provider);
    send(&mut stream, path, &format!("Connection: close\r\n{fields}"));
    let bytes = read_to_end(stream);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec())
}

pub(crate) fn get(provider: &TestIdentityProvider, path: &str) -> (String, Vec<u8>) {
    get_with(provider, path, "")
}

pub(crate) fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

pub(crate) fn json(provider: &TestIdentityProvider, path: &str) -> Value {
    let (head, body) = get(provider, path);
    assert_eq!((status(&head), field(&head, "content-type")), (200, Some("application/json")));
    serde_json::from_slice(&body).unwrap()
}

pub(crate) fn kids(provider: &TestIdentityProvider) -> Vec<String> {
    let set = json(provider, "/jwks");
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// One answer of a connection that stays open.
pub(crate) fn read_answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

pub(crate) fn nothing_arrived(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let nothing = stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    nothing
}
