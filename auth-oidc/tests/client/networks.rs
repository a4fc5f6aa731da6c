//! Where names may lead.

use auth_oidc::{Fetch, FetchErrorKind, HttpClient, Network};

use crate::server::{Server, ok};
use crate::{Names, assert_error, client, error, request};

const NAMES: Names = Names(&[
    ("link-local.example.com", &["169.254.169.254"]),
    ("mapped.example.com", &["::ffff:169.254.169.254"]),
    ("translated.example.com", &["64:ff9b::169.254.169.254"]),
    ("unspecified.example.com", &["0.0.0.0"]),
    ("loopback.example.com", &["127.0.0.1"]),
    ("private.example.com", &["10.0.0.1", "fd00::1"]),
    ("several.example.com", &["169.254.169.254", "127.0.0.2", "127.0.0.1"]),
    ("localhost", &["10.0.0.1", "127.0.0.1"]),
    ("localhost.", &["8.8.8.8"]),
]);

fn named() -> HttpClient {
    HttpClient::builder().no_proxy().resolver(NAMES).build().unwrap()
}

#[tokio::test]
async fn a_name_that_leads_to_a_metadata_service_is_never_fetched() {
    for name in ["link-local", "mapped", "translated", "unspecified"] {
        let host = format!("{name}.example.com");
        let error = error(&named(), &format!("http://{host}/")).await;
        assert_error(&error, FetchErrorKind::Forbidden, &[&host, "never fetched"]);
    }
}

#[tokio::test]
async fn a_public_provider_leads_to_no_private_address() {
    for url in
        ["http://loopback.example.com/", "http://private.example.com/", "http://127.0.0.1/", "http://[::1]/"]
    {
        let mut request = request(url);
        for network in [Some(Network::Public), None] {
            request.extensions_mut().remove::<Network>();
            network.map(|network| request.extensions_mut().insert(network));
            let error = named().fetch(request.clone()).await.unwrap_err();
            assert_error(&error, FetchErrorKind::Forbidden, &["private network", "allow_private_networks"]);
        }
    }
}

#[tokio::test]
async fn only_permitted_addresses_of_a_name_are_tried() {
    let server = Server::plain(ok("{}")).await;
    let answer = named().fetch(request(&server.url("http", "several.example.com", "/"))).await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&Network::Private));
    let answer = named().fetch(request(&server.url("http", "localhost", "/"))).await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&Network::Private));
}

/// http is allowed for it, since nothing leaves this machine.
#[tokio::test]
async fn localhost_is_this_machine() {
    let error = error(&named(), "http://localhost./").await;
    assert_error(&error, FetchErrorKind::Forbidden, &["8.8.8.8", "not this machine"]);
}

/// The client judges for itself, also what no configuration has judged before.
#[tokio::test]
async fn odd_addresses_are_not_fetched() {
    for url in [
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "/x",
        "http://127.0.0.1./",
    ] {
        assert_error(&error(&client(), url).await, FetchErrorKind::Forbidden, &[url]);
    }
    for url in ["http://169.254.169.254/", "http://[::ffff:a9fe:a9fe]/", "http://0.0.0.0/", "http://[::]/"] {
        assert_error(&error(&client(), url).await, FetchErrorKind::Forbidden, &["never fetched"]);
    }
}
