//! The identity provider, asked over a socket: each behavior, count and header.
#![cfg(feature = "identity-provider")]

mod client;
mod failures;

use std::io::Write;

use auth_core::{Algorithm, JwtVerifier, VerifyError};
use auth_testing::{Behavior, Endpoint, TestClock, TestIdentityProvider};

use crate::client::{OPENID, connect, field, get, get_with, json, kids, read_answer, send, start, status};

const OAUTH: &str = "/.well-known/oauth-authorization-server";

#[test]
fn metadata_names_issuer_and_keys() {
    let provider = start();
    for path in [OPENID, OAUTH] {
        let metadata = json(&provider, path);
        assert_eq!(metadata["issuer"], provider.issuer());
        assert_eq!(metadata["jwks_uri"], provider.jwks_uri());
    }
    assert_eq!(provider.metadata_url(), format!("{}{OPENID}", provider.issuer()));
    assert_eq!(provider.jwks_uri(), format!("{}/jwks", provider.issuer()));
    assert_eq!(kids(&provider), [provider.kid()]);
}

#[test]
fn tokens_are_verified_by_what_is_published() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let clock = TestClock::default();
        let provider = TestIdentityProvider::start_with_algorithm(algorithm, clock.clone());
        let verifier = || {
            let (_, jwks) = get(&provider, "/jwks");
            let builder = JwtVerifier::builder().issuer(provider.issuer()).audience("https://api.example");
            builder.jwks(String::from_utf8(jwks).unwrap()).clock(clock.clone()).build().unwrap()
        };
        let (before, old) = (verifier(), provider.signer());
        assert_eq!(before.verify_jwt(&provider.token("alice").sign()).unwrap().subject(), "alice");
        provider.rotate_at_once();
        assert!(verifier().verify_jwt(&provider.token("alice").sign()).is_ok());
        assert_eq!(before.verify_jwt(&provider.token("alice").sign()).unwrap_err(), VerifyError::UnknownKey);
        assert_eq!(verifier().verify_jwt(&old.good("alice")).unwrap_err(), VerifyError::UnknownKey);
    }
}

#[test]
fn keys_are_rotated_announced_and_withdrawn() {
    let provider = start();
    let first = provider.kid();
    let second = provider.rotate();
    assert_eq!(provider.kid(), second);
    assert_eq!(kids(&provider), [&*first, &*second]);

    let third = provider.publish_next();
    assert_eq!(provider.kid(), second);
    assert_eq!(kids(&provider), [&*first, &*second, &*third]);
    assert_eq!(provider.rotate(), third);
    assert_eq!(kids(&provider).len(), 3);

    provider.withdraw(&first);
    assert_eq!(kids(&provider), [&*second, &*third]);
    let fourth = provider.rotate_at_once();
    assert_eq!((kids(&provider), provider.kid()), (vec![fourth.clone()], fourth));

    let withdrawn = provider.publish_next();
    provider.withdraw(&withdrawn);
    assert_ne!(provider.rotate(), withdrawn);
}

#[test]
#[should_panic(expected = "no published key is named")]
fn an_unknown_key_cannot_be_withdrawn() {
    start().withdraw("unknown");
}

#[test]
#[should_panic(expected = "is for Endpoint::Keys, not for Endpoint::Metadata")]
fn a_behavior_has_to_make_sense() {
    start().behave(Endpoint::Metadata, Behavior::EmptySet);
}

#[test]
#[should_panic(expected = "HS256 has no public key")]
fn a_secret_is_not_published() {
    drop(TestIdentityProvider::start_with_algorithm(Algorithm::Hs256, TestClock::default()));
}

#[test]
fn headers_are_added_replaced_and_cleared() {
    let provider = start();
    provider.set_header(Endpoint::Keys, "Cache-Control", "max-age=60");
    provider.set_header(Endpoint::Keys, "Age", "5");
    provider.set_header(Endpoint::Keys, "Content-Type", "application/jwk-set+json");
    let (head, _) = get(&provider, "/jwks");
    let found = ["cache-control", "age", "content-type"].map(|name| field(&head, name));
    assert_eq!(found, [Some("max-age=60"), Some("5"), Some("application/jwk-set+json")]);
    assert_eq!(field(&get(&provider, OPENID).0, "cache-control"), None);

    provider.clear_headers(Endpoint::Keys);
    assert_eq!(field(&get(&provider, "/jwks").0, "cache-control"), None);
    provider.set_header(Endpoint::Keys, "Retry-After", "120");
    provider.behave(Endpoint::Keys, Behavior::Status(429));
    assert_eq!(field(&get(&provider, "/jwks").0, "retry-after"), Some("120"));
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let provider = start();
    let (head, _) = get(&provider, "/jwks");
    let tag = field(&head, "etag").unwrap().to_owned();
    provider.set_header(Endpoint::Keys, "Cache-Control", "max-age=60");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let (head, body) = get_with(&provider, "/jwks", &format!("If-None-Match: {known}\r\n"));
        assert_eq!((status(&head), body.len(), field(&head, "etag")), (304, 0, Some(&*tag)), "{known}");
        assert_eq!(field(&head, "cache-control"), Some("max-age=60"));
    }
    assert_eq!((provider.not_modified(Endpoint::Keys), provider.requests(Endpoint::Keys)), (4, 5));
    assert_eq!(provider.not_modified(Endpoint::Metadata), 0);

    let asked = format!("If-None-Match: {tag}\r\n");
    provider.behave(Endpoint::Keys, Behavior::Status(500));
    assert_eq!(status(&get_with(&provider, "/jwks", &asked).0), 500);
    provider.behave(Endpoint::Keys, Behavior::Normal);
    provider.rotate();
    let (head, _) = get_with(&provider, "/jwks", &asked);
    assert_eq!(status(&head), 200);
    assert_ne!(field(&head, "etag"), Some(&*tag));

    provider.without_validators();
    let (head, _) = get_with(&provider, "/jwks", "If-None-Match: *\r\n");
    assert_eq!((status(&head), field(&head, "etag")), (200, None));
}

#[test]
fn by_a_date_the_client_is_told_that_nothing_has_changed() {
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    let provider = start();
    let asked = |fields: &str| status(&get_with(&provider, "/jwks", fields).0);
    let since = |date: &str| format!("If-Modified-Since: {date}\r\n");
    assert_eq!(asked(&since(DATE)), 200, "it has no date");
    provider.set_header(Endpoint::Keys, "Last-Modified", DATE);
    assert_eq!((asked(&since(DATE)), asked(&since(LATER)), asked("")), (304, 200, 200));
    assert_eq!(asked(&format!("If-None-Match: \"other\"\r\n{}", since(DATE))), 200, "the tag counts");
    provider.without_validators();
    let (head, _) = get_with(&provider, "/jwks", &since(DATE));
    let found = ["last-modified", "etag"].map(|name| field(&head, name));
    assert_eq!((status(&head), found), (304, [Some(DATE), None]));
    provider.set_header(Endpoint::Keys, "Last-Modified", LATER);
    assert_eq!((asked(&since(DATE)), asked(&since(LATER))), (200, 304));
    provider.behave(Endpoint::Keys, Behavior::Status(500));
    assert_eq!(asked(&since(LATER)), 500);
    assert_eq!(provider.not_modified(Endpoint::Keys), 3);
}

#[test]
fn a_connection_serves_many_requests() {
    let provider = start();
    let mut stream = connect(&provider);
    // Two at once: the second is not lost.
    send(&mut stream, "/jwks", "");
    send(&mut stream, OPENID, "");
    for _ in 0..2 {
        assert_eq!(status(&read_answer(&mut stream).0), 200);
    }
    provider.behave(Endpoint::Keys, Behavior::Status(503));
    send(&mut stream, "/jwks", "");
    assert_eq!(status(&read_answer(&mut stream).0), 503);
    send(&mut stream, "/nowhere", "");
    assert_eq!(status(&read_answer(&mut stream).0), 404);
    assert_eq!((provider.requests(Endpoint::Keys), provider.requests(Endpoint::Metadata)), (2, 1));
    assert_eq!(provider.connections(), 1);
}

#[test]
fn the_last_request_is_kept() {
    let provider = start();
    assert!(provider.last_request(Endpoint::Keys).is_none());
    get_with(&provider, "/jwks?a=b", "Accept: application/json\r\n");
    let request = provider.last_request(Endpoint::Keys).unwrap();
    assert_eq!(
        (request.uri().to_string(), &request.headers()["accept"]),
        ("/jwks?a=b".to_owned(), &"application/json".parse().unwrap())
    );
    assert!(provider.last_request(Endpoint::Metadata).is_none());
}

#[test]
fn other_requests_are_refused() {
    let provider = start();
    for (request, expected) in
        [("POST /jwks HTTP/1.1\r\n\r\n", 405), ("GET\r\n\r\n", 400), ("GET /jwks HTTP/1.0\r\n\r\n", 200)]
    {
        let mut stream = connect(&provider);
        stream.write_all(request.as_bytes()).unwrap();
        let (head, _) = read_answer(&mut stream);
        assert_eq!(status(&head), expected, "{request:?}");
    }
}

#[test]
fn the_metadata_of_an_issuer_with_a_path() {
    let provider = start().with_path("/realms/main");
    assert!(provider.issuer().ends_with("/realms/main"));
    let paths =
        [format!("/realms/main{OPENID}"), format!("{OAUTH}/realms/main"), format!("{OPENID}/realms/main")];
    for path in &paths {
        assert_eq!(json(&provider, path)["issuer"], provider.issuer());
    }
    assert_eq!(status(&get(&provider, OPENID).0), 404);
    assert_eq!(status(&get(&provider, "/realms/main/jwks").0), 200);

    provider.serve_metadata_at(&[&paths[1]]);
    assert_eq!(paths.each_ref().map(|path| status(&get(&provider, path).0)), [404, 200, 404]);
    assert_eq!(provider.requests(Endpoint::Metadata), 7);
    assert_eq!(provider.last_request(Endpoint::Metadata).unwrap().uri().path(), paths[2]);
}

#[test]
fn the_clock_of_the_system_is_the_default() {
    let provider = TestIdentityProvider::start();
    let verifier = JwtVerifier::builder().issuer(provider.issuer()).audience("https://api.example");
    let verifier = verifier.jwk(provider.signer().jwk().to_string()).build().unwrap();
    assert!(verifier.verify_jwt(&provider.token("alice").sign()).is_ok());
}
