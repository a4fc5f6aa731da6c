//! The HTTP client against servers on this machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod certificate;
mod environment;
mod http;
mod networks;
mod proxies;
mod server;
mod tls;

use std::io;
use std::net::IpAddr;

use auth_oidc::{Fetch, FetchError, FetchErrorKind, HttpClient, MaxBytes, Network, Resolve};
use bytes::Bytes;

/// Resolves each name to the addresses listed beside it, and no other.
struct Names(&'static [(&'static str, &'static [&'static str])]);

/// One provider, at home on this machine.
const IDP: Names = Names(&[("idp.example.com", &["127.0.0.1"])]);

#[async_trait::async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        let (_, ips) = found.ok_or_else(|| io::Error::other("no such name"))?;
        Ok(ips.iter().map(|ip| ip.parse().unwrap()).collect())
    }
}

/// The client by default, but deaf to the environment of whoever runs the tests.
fn client() -> HttpClient {
    HttpClient::builder().no_proxy().build().unwrap()
}

fn request(uri: &str) -> ::http::Request<Bytes> {
    let request = ::http::Request::builder().uri(uri).extension(Network::Private).extension(MaxBytes(1024));
    request.body(Bytes::new()).unwrap()
}

async fn body(client: &HttpClient, uri: &str) -> String {
    let response = client.fetch(request(uri)).await.unwrap_or_else(|error| panic!("{uri}: {error}"));
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

async fn error(client: &HttpClient, uri: &str) -> FetchError {
    client.fetch(request(uri)).await.map(|answer| answer.status()).expect_err(uri)
}

/// Asserts the kind of an error, and that its text has each of these.
#[track_caller]
fn assert_error(error: &FetchError, kind: FetchErrorKind, texts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for text in texts {
        assert!(error.to_string().contains(text), "{error}");
    }
}
