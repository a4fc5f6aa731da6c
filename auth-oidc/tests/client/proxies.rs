//! Proxies that are configured.

use auth_core::{Algorithm, TokenVerifier as _};
use auth_oidc::{Fetch, FetchErrorKind, HttpClient, HttpClientBuilder, HttpClientError, Network, Oidc};
use auth_testing::TestIssuer;

use crate::certificate::Authority;
use crate::server::{Server, ok};
use crate::{IDP, Names, assert_error, body, error, request};

fn through(proxy: &Server) -> HttpClientBuilder {
    // Names are the proxy's affair.
    HttpClient::builder().resolver(Names(&[])).proxy(&proxy.url("http", "user:secret@127.0.0.1", ""))
}

/// `user:secret` in base64, in lower case.
const AUTHORIZATION: &str = "\r\nproxy-authorization: basic dxnlcjpzzwnyzxq=\r\n";

#[tokio::test]
async fn http_is_asked_of_the_proxy() {
    let proxy = Server::plain(ok("{}")).await;
    let client = through(&proxy).build().unwrap();
    let answer = client.fetch(request("http://idp.example.com/jwks?p=x")).await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&Network::Public));
    let head = proxy.head();
    assert!(head.starts_with("get http://idp.example.com/jwks?p=x http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: idp.example.com\r\n") && head.contains(AUTHORIZATION), "{head}");
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let authority = Authority::new();
    let proxy = Server::tunnel(None, authority.server("idp.example.com"), ok("{}")).await;
    let client = through(&proxy).root_certificate_pem(&authority.pem()).build().unwrap();
    assert_eq!(body(&client, "https://idp.example.com/jwks").await, "{}");
    let [connect, get] = &proxy.heads()[..] else { panic!("{:?}", proxy.heads()) };
    assert!(
        connect.starts_with("connect idp.example.com:443 http/1.1\r\nhost: idp.example.com:443\r\n"),
        "{connect}"
    );
    assert!(connect.contains(AUTHORIZATION), "{connect}");
    assert!(get.starts_with("get /jwks http/1.1\r\n") && !get.contains("proxy-authorization"), "{get}");
}

#[tokio::test]
async fn a_proxy_may_be_spoken_to_by_tls() {
    let authority = Authority::new();
    let proxy = authority.server("proxy.example.com");
    let proxy = Server::tunnel(Some(proxy), authority.server("idp.example.com"), ok("{}")).await;
    let client = HttpClient::builder()
        .resolver(Names(&[("proxy.example.com", &["127.0.0.1"])]))
        .proxy(&proxy.url("https", "proxy.example.com", ""))
        .root_certificate_pem(&authority.pem());
    assert_eq!(body(&client.build().unwrap(), "https://idp.example.com/").await, "{}");
}

/// Without building a client.
#[tokio::test]
async fn a_provider_takes_a_proxy_and_a_root_certificate() {
    let (authority, issuer) = (Authority::new(), TestIssuer::new(Algorithm::Es256));
    let keys = format!(r#"{{"keys":[{}]}}"#, issuer.jwk());
    let proxy = Server::tunnel(None, authority.server("idp.example.com"), ok(&keys)).await;
    let provider = || Oidc::issuer("https://issuer.example").audience("https://api.example");
    let provider = || provider().jwks_uri("https://idp.example.com/jwks").require_keys_at_start();
    let at = proxy.url("http", "127.0.0.1", "");
    let verifier = provider().root_certificate_pem(&authority.pem()).proxy(&at).connect().await.unwrap();
    assert_eq!(verifier.verify(&issuer.good("alice")).await.unwrap().subject(), "alice");
    assert_eq!(proxy.heads().len(), 2);

    let error = provider().proxy(&at).connect().await.unwrap_err().to_string();
    assert!(error.contains("root_certificate_pem"), "{error}");
    let own = HttpClient::builder().build().unwrap();
    let error = provider().proxy(&at).fetch(own).connect().await.unwrap_err().to_string();
    assert!(error.contains("`.fetch(..)` names another one"), "{error}");
    let error = provider().root_certificate_pem("none").connect().await.unwrap_err().to_string();
    assert!(error.starts_with("root_certificate_pem: "), "{error}");
}

/// The proxy does not stand in for the server.
#[tokio::test]
async fn a_tunnel_ends_at_the_server() {
    let authority = Authority::new();
    let proxy = Server::tunnel(None, authority.server("proxy.example.com"), ok("{}")).await;
    let client = through(&proxy).root_certificate_pem(&authority.pem()).build().unwrap();
    let error = error(&client, "https://idp.example.com/").await;
    assert_error(&error, FetchErrorKind::Untrusted, &["idp.example.com is for another name"]);
}

#[tokio::test]
async fn a_proxy_that_refuses_says_so() {
    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9\r\n\r\nforbidden";
    let proxy = Server::plain(answer).await;
    let error = error(&through(&proxy).build().unwrap(), "https://idp.example.com/").await;
    assert_error(
        &error,
        FetchErrorKind::Unreachable,
        &["the proxy http://127.0.0.1", "407", "idp.example.com:443"],
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn exceptions_are_fetched_directly() {
    let proxy = Server::plain(ok("proxy")).await;
    let server = Server::plain(ok("server")).await;
    let client = |except: &str| through(&proxy).resolver(IDP).proxy_except(except).build().unwrap();
    let url = server.url("http", "idp.example.com", "/");
    for except in ["idp.example.com", ".example.com", "x.org, example.com", "*"] {
        assert_eq!(body(&client(except), &url).await, "server", "{except}");
    }
    for except in ["", "other.example.com", "dp.example.com", "127.0.0.1"] {
        assert_eq!(body(&client(except), &url).await, "proxy", "{except}");
    }
}

#[tokio::test]
async fn this_machine_needs_no_proxy() {
    let proxy = Server::plain(ok("proxy")).await;
    let server = Server::plain(ok("server")).await;
    let client = HttpClient::builder().proxy(&proxy.url("http", "127.0.0.1", "")).build().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        assert_eq!(body(&client, &server.url("http", host, "/")).await, "server", "{host}");
    }
    assert!(proxy.heads().is_empty());
}

#[tokio::test]
async fn a_proxy_is_no_way_around_the_rules() {
    let proxy = Server::plain(ok("{}")).await;
    let client = through(&proxy).build().unwrap();
    let refused = error(&client, "http://169.254.169.254/latest/meta-data").await;
    assert_error(&refused, FetchErrorKind::Forbidden, &["never fetched"]);
    let mut request = request("http://10.0.0.1/");
    request.extensions_mut().insert(Network::Public);
    let refused = client.fetch(request).await.unwrap_err();
    assert_error(&refused, FetchErrorKind::Forbidden, &["allow_private_networks"]);
    assert!(proxy.heads().is_empty());
}

#[test]
fn what_is_no_proxy_is_refused_and_not_shown() {
    for url in ["", "proxy", "proxy:3128", "socks5://secret@proxy:1080", "http://", "ftp://secret@proxy"] {
        let error = HttpClient::builder().proxy(url).build().unwrap_err();
        assert_eq!(error, HttpClientError::Proxy, "{url}");
        assert!(!error.to_string().contains("secret"));
    }
    let builder = HttpClient::builder().proxy("http://user:secret@proxy:3128");
    assert!(!format!("{builder:?}").contains("secret"));
    assert!(!format!("{:?}", builder.build()).contains("secret"));
}
