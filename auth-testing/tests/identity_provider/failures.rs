//! The provider at its worst.

use std::io::Read;
use std::thread;
use std::time::Duration;

use auth_core::JwtVerifier;
use auth_testing::{Behavior, Endpoint};
use serde_json::Value;

use crate::client::{
    OPENID, connect, field, get, json, kids, nothing_arrived, read_answer, read_to_end, send, start, status,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn statuses_and_redirects() {
    let provider = start();
    for code in [204, 404, 429, 500, 503] {
        provider.behave(Endpoint::Keys, Behavior::Status(code));
        let (head, body) = get(&provider, "/jwks");
        assert_eq!((status(&head), body.len()), (code, 0));
    }
    provider.behave(Endpoint::Keys, Behavior::Redirect("https://other.example/keys".to_owned()));
    let (head, _) = get(&provider, "/jwks");
    assert_eq!((status(&head), field(&head, "location")), (301, Some("https://other.example/keys")));
    assert_eq!(status(&get(&provider, OPENID).0), 200);
    provider.behave(Endpoint::Keys, Behavior::Normal);
    assert_eq!(kids(&provider), [provider.kid()]);
}

#[test]
fn bodies_that_are_of_no_use() {
    let provider = start();
    let body = |behavior| {
        provider.behave(Endpoint::Keys, behavior);
        get(&provider, "/jwks").1
    };
    assert!(String::from_utf8(body(Behavior::Garbage)).is_err());
    assert_eq!(body(Behavior::EmptySet), br#"{"keys":[]}"#);
    assert_eq!(body(Behavior::Body("{}".to_owned())), b"{}");
    let jwks = String::from_utf8(body(Behavior::NoUsableKey)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&jwks).unwrap()["keys"].as_array().unwrap().len(), 2);
    let builder = JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
    assert!(builder.jwks(jwks).build().is_err());

    provider.behave(Endpoint::Metadata, Behavior::WrongIssuer("https://evil.example".to_owned()));
    let metadata = json(&provider, OPENID);
    assert_eq!(
        (&metadata["issuer"], &metadata["jwks_uri"]),
        (&"https://evil.example".into(), &provider.jwks_uri().into())
    );
}

#[test]
fn a_delay_is_by_the_clock_and_answers_what_was_asked_for_then() {
    let provider = start();
    let clock = provider.clock();
    provider.behave(Endpoint::Keys, Behavior::Delay(10 * SECOND));
    let mut stream = connect(&provider);
    send(&mut stream, "/jwks", "Connection: close\r\n");
    provider.wait_for_requests(Endpoint::Keys, 1);
    let old = provider.kid();
    provider.rotate_at_once();
    clock.advance(9 * SECOND);
    assert!(nothing_arrived(&mut stream));
    clock.advance(SECOND);
    let answer = String::from_utf8(read_to_end(stream)).unwrap();
    assert!(answer.contains(&old) && !answer.contains(&provider.kid()));
}

#[test]
fn a_drip_is_a_byte_for_each_interval() {
    let provider = start();
    let clock = provider.clock();
    provider.behave(Endpoint::Keys, Behavior::Drip(SECOND));
    let mut stream = connect(&provider);
    send(&mut stream, "/jwks", "");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    clock.wait_for_sleepers(1);
    assert!(nothing_arrived(&mut stream));
    let mut start = [0; 3];
    for (place, byte) in start.iter_mut().enumerate() {
        clock.advance(SECOND);
        stream.read_exact(std::slice::from_mut(byte)).unwrap();
        clock.wait_for_sleepers(1);
        assert!(nothing_arrived(&mut stream), "more than {} bytes", place + 1);
    }
    clock.advance(3600 * SECOND);
    let length: usize = field(&String::from_utf8(head).unwrap(), "content-length").unwrap().parse().unwrap();
    let mut rest = vec![0; length - 3];
    stream.read_exact(&mut rest).unwrap();
    assert!(serde_json::from_slice::<Value>(&[&start[..], &rest].concat()).is_ok());
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn huge_is_streamed_and_is_json() {
    const BYTES: usize = 300_000;
    let provider = start();
    provider.behave(Endpoint::Keys, Behavior::Huge(BYTES));
    let (head, mut rest) = get(&provider, "/jwks");
    assert_eq!((field(&head, "transfer-encoding"), field(&head, "content-length")), (Some("chunked"), None));
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        body.extend(&rest[end + 2..end + 2 + length]);
        rest.drain(..end + 4 + length);
        if length == 0 {
            break;
        }
    }
    assert_eq!((body.len(), rest.len()), (BYTES, 0));
    assert!(serde_json::from_slice::<Value>(&body).is_ok());
}

#[test]
fn truncated_announces_more_than_it_sends() {
    let provider = start();
    provider.behave(Endpoint::Keys, Behavior::Truncated);
    let mut stream = connect(&provider);
    send(&mut stream, "/jwks", "");
    let answer = String::from_utf8(read_to_end(stream)).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(field(head, "content-length"), Some(&*(body.len() + 1).to_string()));
}

#[test]
fn some_never_answer_and_some_close() {
    let provider = start();
    provider.behave(Endpoint::Keys, Behavior::Hang);
    let mut hanging = connect(&provider);
    send(&mut hanging, "/jwks", "");
    provider.wait_for_requests(Endpoint::Keys, 1);

    provider.behave(Endpoint::Keys, Behavior::CloseAtOnce);
    let mut stream = connect(&provider);
    send(&mut stream, "/jwks", "");
    assert_eq!(read_to_end(stream), b"");

    assert!(nothing_arrived(&mut hanging));
    drop(provider);
    assert_eq!(read_to_end(hanging), b"");
}

#[test]
fn an_outage_closes_what_is_open_and_what_comes() {
    let provider = start();
    let mut open = connect(&provider);
    send(&mut open, "/jwks", "");
    read_answer(&mut open);
    provider.behave(Endpoint::Keys, Behavior::Delay(SECOND));
    let mut waiting = connect(&provider);
    send(&mut waiting, "/jwks", "");
    provider.wait_for_requests(Endpoint::Keys, 2);

    provider.outage();
    assert_eq!(read_to_end(open), b"");
    assert_eq!(read_to_end(waiting), b"");
    for _ in 0..3 {
        assert_eq!(read_to_end(connect(&provider)), b"");
    }
    assert_eq!((provider.connections(), provider.requests(Endpoint::Keys)), (5, 2));

    provider.recover();
    provider.behave(Endpoint::Keys, Behavior::Normal);
    assert_eq!(kids(&provider), [provider.kid()]);
}

#[test]
fn at_most_64_connections_are_served_at_a_time() {
    let provider = start();
    let mut open: Vec<_> = (0..64).map(|_| connect(&provider)).collect();
    for stream in &mut open {
        send(stream, "/jwks", "");
        read_answer(stream);
    }
    let mut further = connect(&provider);
    send(&mut further, "/jwks", "");
    while provider.connections() < 65 {
        thread::yield_now();
    }
    assert!(nothing_arrived(&mut further));
    open.pop();
    assert_eq!(status(&read_answer(&mut further).0), 200);
}
