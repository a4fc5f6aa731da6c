//! What the environment says. Since a process has one environment for all its threads, each of these runs the test
//! binary again, for one test in an environment of its own.

use std::process::Command;

use auth_oidc::{FetchErrorKind, HttpClient};

use crate::server::{Server, ok};
use crate::{IDP, assert_error, body, error};

/// Tells the child that it is one, and where the proxy and the server are.
const CHILD: &str = "AUTH_OIDC_TEST_URL";

fn run(test: &str, url: &str, variables: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        child.env_remove(name).env_remove(name.to_lowercase());
    }
    child.args(["--exact", &format!("environment::{test}")]).env(CHILD, url).envs(variables.iter().copied());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{variables:?}: {}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_are_read_from_the_environment() {
    let proxy = Server::plain(ok("proxy")).await;
    let server = Server::plain(ok("server")).await;
    let at = proxy.url("http", "127.0.0.1", "");
    let used: [&[(&str, &str)]; 4] =
        [&[("HTTP_PROXY", &at)], &[("http_proxy", &at)], &[("ALL_PROXY", &at)], &[("all_proxy", &at)]];
    for variables in used {
        run("child_fetches", &server.url("http", "idp.example.com", "/proxy"), variables);
    }
    let unused: [&[(&str, &str)]; 5] = [
        &[],
        &[("HTTPS_PROXY", &at)],
        &[("HTTP_PROXY", &at), ("NO_PROXY", "example.com")],
        &[("http_proxy", &at), ("no_proxy", ".example.com")],
        &[("HTTP_PROXY", &at), ("REQUEST_METHOD", "GET")],
    ];
    for variables in unused {
        run("child_fetches", &server.url("http", "idp.example.com", "/server"), variables);
    }
    assert_eq!((proxy.heads().len(), server.heads().len()), (4, 5));
}

/// The path says whose answer is expected.
#[tokio::test]
async fn child_fetches() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let client = HttpClient::builder().resolver(IDP).build().unwrap();
    assert!(url.ends_with(&format!("/{}", body(&client, &url).await)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn a_system_without_roots_is_told() {
    let authority = crate::certificate::Authority::new();
    let server = Server::tls(authority.server("127.0.0.1"), ok("{}")).await;
    let url = server.url("https", "127.0.0.1", "/");
    run("child_has_no_roots", &url, &[("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null")]);
}

#[tokio::test]
async fn child_has_no_roots() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let client = HttpClient::builder().no_proxy().build().unwrap();
    let expected: &[&str] = match cfg!(feature = "bundled-roots") {
        true => &["unknown issuer"],
        false => &["no root certificates are found", "ca-certificates", "`bundled-roots`"],
    };
    assert_error(&error(&client, &url).await, FetchErrorKind::Untrusted, expected);
}
