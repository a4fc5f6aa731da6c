//! Whom the client trusts.

use auth_oidc::{FetchErrorKind, HttpClient, HttpClientError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::certificate::Authority;
use crate::server::{Server, ok};
use crate::{IDP, Names, assert_error, body, client, error};

fn trusting(authority: &Authority) -> HttpClient {
    let client = HttpClient::builder().no_proxy().resolver(IDP).root_certificate_pem(&authority.pem());
    client.build().unwrap()
}

#[tokio::test]
async fn a_root_of_ones_own_is_trusted() {
    let authority = Authority::new();
    let server = Server::tls(authority.server("idp.example.com"), ok("{}")).await;
    for host in ["idp.example.com", "IDP.example.com"] {
        let names = Names(&[("idp.example.com", &["127.0.0.1"]), ("IDP.example.com", &["127.0.0.1"])]);
        let client = HttpClient::builder().no_proxy().resolver(names).root_certificate_pem(&authority.pem());
        assert_eq!(body(&client.build().unwrap(), &server.url("https", host, "/")).await, "{}");
    }
    let server = Server::tls(authority.server("127.0.0.1"), ok("{}")).await;
    assert_eq!(body(&trusting(&authority), &server.url("https", "127.0.0.1", "/")).await, "{}");
}

#[tokio::test]
async fn one_of_several_roots_suffices() {
    let (one, other) = (Authority::new(), Authority::new());
    let both = one.pem() + &other.pem();
    let client = HttpClient::builder().no_proxy().resolver(IDP).root_certificate_pem(&both).build().unwrap();
    for authority in [one, other] {
        let server = Server::tls(authority.server("idp.example.com"), ok("{}")).await;
        assert_eq!(body(&client, &server.url("https", "idp.example.com", "/")).await, "{}");
    }
}

#[tokio::test]
async fn an_unknown_issuer_is_not_trusted() {
    let server = Server::tls(Authority::new().server("127.0.0.1"), ok("{}")).await;
    let url = server.url("https", "127.0.0.1", "/");
    for client in [client(), trusting(&Authority::new())] {
        let texts = ["the certificate of 127.0.0.1 is signed by an unknown issuer", "root_certificate_pem"];
        let untrusted = error(&client, &url).await;
        assert_error(&untrusted, FetchErrorKind::Untrusted, &texts);
    }
    assert!(server.heads().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let authority = Authority::new();
    let server = Server::tls(authority.server("other.example.com"), ok("{}")).await;
    let wrong = error(&trusting(&authority), &server.url("https", "idp.example.com", "/")).await;
    let texts = ["the certificate of idp.example.com is for another name", "other.example.com"];
    assert_error(&wrong, FetchErrorKind::Untrusted, &texts);
    assert!(server.heads().is_empty());
}

#[tokio::test]
async fn a_certificate_of_another_time_is_not_trusted() {
    let authority = Authority::new();
    for (from, to, text) in [(2000, 2001, "has expired"), (3000, 3001, "is not valid yet")] {
        let server = Server::tls(authority.server_between("idp.example.com", from, to), ok("{}")).await;
        let error = error(&trusting(&authority), &server.url("https", "idp.example.com", "/")).await;
        assert_error(
            &error,
            FetchErrorKind::Untrusted,
            &["the certificate of idp.example.com", text, "clock"],
        );
        assert!(server.heads().is_empty());
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    });
    assert_error(&error(&client(), &url).await, FetchErrorKind::Unreachable, &["does not speak TLS"]);
}

#[test]
fn what_is_no_root_certificate_is_refused() {
    let pem = Authority::new().pem();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "x", garbage, &pem[..pem.len() / 2], &format!("{pem}{garbage}")] {
        let error = HttpClient::builder().root_certificate_pem(text).build().unwrap_err();
        assert!(matches!(error, HttpClientError::RootCertificate(_)), "{error}");
    }
}
