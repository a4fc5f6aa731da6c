//! What is asked, what is answered, and how much of it is read.

use std::time::Duration;

use auth_oidc::{Fetch, FetchErrorKind, HttpClient, MaxBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Server, chunked, head, ok};
use crate::{Names, assert_error, body, client, error, request};

#[tokio::test]
async fn answers_come_with_status_headers_and_body() {
    let answer = "HTTP/1.1 404 Not Found\r\nETag: \"x\"\r\nContent-Length: 4\r\n\r\nnone";
    let server = Server::plain(answer).await;
    let answer = client().fetch(request(&server.url("http", "127.0.0.1", "/a?b=c"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (404, &b"none"[..]));
    assert_eq!(answer.headers()["etag"], "\"x\"");

    let server = Server::plain("HTTP/1.1 304 Not Modified\r\nContent-Length: 999999\r\n\r\n").await;
    let answer = client().fetch(request(&server.url("http", "127.0.0.1", "/"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (304, 0));
}

#[tokio::test]
async fn the_request_says_what_is_wanted() {
    let server = Server::plain(ok("{}")).await;
    let mut request = request(&server.url("http", "localhost", "/jwks?p=x"));
    request.headers_mut().insert("if-none-match", "\"x\"".parse().unwrap());
    client().fetch(request).await.unwrap();
    let head = server.head();
    let mut lines: Vec<_> = head.trim_end().lines().collect();
    lines.sort_unstable();
    let host = format!("host: localhost:{}", server.address.port());
    let agent = format!("user-agent: auth-oidc/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json",
            "connection: close",
            "get /jwks?p=x http/1.1",
            &host,
            "if-none-match: \"x\"",
            &agent,
        ]
    );
}

#[tokio::test]
async fn an_address_without_a_path_asks_for_the_root() {
    let server = Server::plain(ok("{}")).await;
    body(&client(), &server.url("http", "127.0.0.1", "?p=x")).await;
    assert!(server.head().starts_with("get /?p=x http/1.1\r\n"), "{}", server.head());
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let target = Server::plain(ok("{}")).await;
    let location = target.url("http", "127.0.0.1", "/");
    let answer = format!("HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::plain(answer).await;
    let answer = client().fetch(request(&server.url("http", "127.0.0.1", "/"))).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (301, &location[..])
    );
    assert!(target.heads().is_empty());
}

#[tokio::test]
async fn the_bound_is_exact() {
    let exact = "x".repeat(1024);
    let more = "x".repeat(1025);
    let close = |body: &str| format!("HTTP/1.1 200 OK\r\n\r\n{body}");
    for answer in [ok(&exact), chunked(&[&exact]), chunked(&[&exact[..1000], &exact[1000..]]), close(&exact)]
    {
        let server = Server::plain(answer).await;
        assert_eq!(body(&client(), &server.url("http", "127.0.0.1", "/")).await, exact);
    }
    for answer in [ok(&more), chunked(&[&more]), chunked(&[&exact, "x"]), close(&more)] {
        let server = Server::plain(answer).await;
        let error = error(&client(), &server.url("http", "127.0.0.1", "/")).await;
        assert_error(&error, FetchErrorKind::TooLarge, &["127.0.0.1", "1024 bytes"]);
    }
}

#[tokio::test]
async fn without_a_bound_a_quarter_of_a_mebibyte_is_read() {
    for (length, fits) in [(256 * 1024, true), (256 * 1024 + 1, false)] {
        let server = Server::plain(ok(&"x".repeat(length))).await;
        let mut request = request(&server.url("http", "127.0.0.1", "/"));
        request.extensions_mut().remove::<MaxBytes>();
        assert_eq!(client().fetch(request).await.is_ok(), fits);
    }
}

/// What `Content-Length` announces is not waited for.
#[tokio::test]
async fn an_announced_length_is_refused_before_the_body_comes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n").await.unwrap();
        // Reads until the client has closed.
        stream.read_to_end(&mut Vec::new()).await
    });
    assert_error(&error(&client(), &url).await, FetchErrorKind::TooLarge, &[]);
    let _ = server.await.unwrap();
}

#[tokio::test]
async fn a_body_of_a_gigabyte_ends_at_the_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();
        let mut written = 0_usize;
        while written < 1 << 30 && stream.write_all(&chunk).await.is_ok() {
            written += chunk.len();
        }
        written
    });
    assert_error(&error(&client(), &url).await, FetchErrorKind::TooLarge, &[]);
    // The rest is what the kernel holds for a connection.
    assert!(server.await.unwrap() < 1 << 25);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = error(&client(), &format!("http://{address}/")).await;
    assert_error(&refused, FetchErrorKind::Unreachable, &[&address.to_string(), "refused"]);

    let client =
        HttpClient::builder().no_proxy().resolver(Names(&[("empty.example.com", &[])])).build().unwrap();
    for name in ["unknown.example.com", "empty.example.com"] {
        let unresolved = error(&client, &format!("https://{name}/")).await;
        assert_error(&unresolved, FetchErrorKind::Unreachable, &[name, "does not resolve"]);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unreachable() {
    for answer in
        ["", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "SSH-2.0-x\r\n"]
    {
        let server = Server::plain(answer).await;
        let error = error(&client(), &server.url("http", "127.0.0.1", "/")).await;
        assert_error(&error, FetchErrorKind::Unreachable, &["127.0.0.1"]);
    }
    let headers = "X: y\r\n".repeat(50_000);
    let server = Server::plain(format!("HTTP/1.1 200 OK\r\n{headers}\r\n")).await;
    assert_error(
        &error(&client(), &server.url("http", "127.0.0.1", "/")).await,
        FetchErrorKind::Unreachable,
        &[],
    );
}

/// The system takes the connection, and nobody ever speaks.
#[tokio::test]
async fn connecting_has_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let client = HttpClient::builder().no_proxy().connect_timeout(Duration::from_millis(20)).build().unwrap();
    assert_error(&error(&client, &url).await, FetchErrorKind::Unreachable, &["20ms"]);
}
