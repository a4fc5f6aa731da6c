//! Logs in with cookies as a browser would, at both servers, and compares all that they answer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Output;

use auth_testing::conformance::{self, Answer};

use self::running::{BROWSER, Running, example, paste};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";
const LOGIN: &str = "username=alice&password=wonderland";

fn start(settings: &[(&str, &str)]) -> [Running; 2] {
    BROWSER.map(|name| {
        let mut command = example(name);
        command.envs(settings.iter().copied());
        Running::start(command)
    })
}

fn send(server: &Running, method: &str, path: &str, fields: &str, body: &str) -> Answer {
    let address = server.address;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
    );
    conformance::send(address, request.as_bytes()).unwrap()
}

/// The cookies of somebody who has logged in.
struct Cookies {
    access: String,
    refresh: String,
}

impl Cookies {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = |wanted: &str| {
            let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
            let mut values = lines.filter_map(|(_, value)| value.strip_prefix(&format!("{wanted}=")));
            values.next().unwrap().split_once(';').unwrap().0.to_owned()
        };
        Self { access: cookie("__Host-access"), refresh: cookie("__Host-refresh") }
    }

    fn logged_in(server: &Running) -> Self {
        Self::of(&send(server, "POST", "/login", &format!("{OWN}{FORM}"), LOGIN))
    }
}

/// The same, but for tokens, of which the length counts.
fn without_tokens(mut answer: Answer) -> Answer {
    for (name, value) in &mut answer.headers {
        if name == "set-cookie" {
            let (cookie, attributes) = value.split_once("; ").unwrap();
            let (cookie, token) = cookie.split_once('=').unwrap();
            *value = format!("{cookie}={} characters; {attributes}", token.len());
        }
    }
    answer
}

#[test]
fn the_printed_lines_do_what_they_say_with_the_same_bytes() {
    let [mut axum, mut actix] = start(&[]);
    let lines = |server: &mut Running| -> Vec<String> {
        let printed = server.announcement();
        printed.lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
    };
    // Each has keys and tokens of its own.
    let (by_axum, by_actix) = (lines(&mut axum), lines(&mut actix));
    assert_eq!((by_axum.len(), by_actix.len()), (41, 41));
    let mut announced = Vec::new();
    for (line, other) in by_axum.iter().zip(&by_actix) {
        let (status, answer) = paste(line, axum.address, axum.address);
        assert_eq!(answer.status, status, "axum: {line}\n{answer:?}");
        let (_, by_actix) = paste(other, actix.address, actix.address);
        assert_eq!(without_tokens(answer), without_tokens(by_actix), "{line}");
        announced.push(status);
    }
    announced.sort_unstable();
    announced.dedup();
    assert_eq!(announced, [200, 204, 303, 400, 401, 403, 422, 426]);
    println!("summary: browser: {} printed lines on 2 frameworks, 0 differences", by_axum.len());
}

#[test]
fn without_demo_accounts_the_printed_lines_do_what_they_say() {
    for mut server in start(&[("AUTH_DEMO", "0")]) {
        for line in server.announcement().lines().filter(|line| line.starts_with("curl ")) {
            let (status, answer) = paste(line, server.address, server.address);
            assert_eq!(answer.status, status, "{line}");
        }
        let answer = send(&server, "POST", "/login", &format!("{OWN}{FORM}"), LOGIN);
        assert_eq!(answer.status, 400, "nobody has an account");
    }
}

/// Each with its near twin, which is let in.
#[test]
fn broken_requests_are_refused_with_the_same_bytes() {
    let servers = start(&[("AUTH_ACCESS_SECONDS", "3600")]);
    let cookies = [&servers[0], &servers[1]].map(Cookies::logged_in);
    let field = "Cookie: __Host-access=ACCESS; __Host-refresh=REFRESH\r\n";
    let quoted = field.replace("REFRESH", "\"REFRESH\"");
    let spaced = field.replace("refresh=", "refresh =");
    let ws = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let host = "Origin: http://HOST\r\n";
    let mut cases: Vec<(&str, &str, u16, String, &str)> = Vec::new();
    let mut case = |method, path, status, fields: &[&str], body| {
        cases.push((method, path, status, fields.concat(), body));
    };
    // Which page has sent it.
    for (status, site) in [
        (303, "Sec-Fetch-Site: same-origin\r\n"),
        (303, "Sec-Fetch-Site: none\r\n"),
        (303, host),
        (403, ""),
        (403, "Sec-Fetch-Site: same-site\r\n"),
        (403, "Sec-Fetch-Site: cross-site\r\n"),
        (403, "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n"),
        (403, "Origin: null\r\n"),
        (403, "Origin: http://HOST\r\nOrigin: http://HOST\r\n"),
        (403, "Origin: http://HOST, http://HOST\r\n"),
        (403, "Origin: http://HOST/\r\n"),
        (403, "Origin: http://HOST.evil.example\r\n"),
        (403, "Origin: http://localhost\r\n"),
        (403, "Origin: http://127.0.0.1:1\r\n"),
        (403, "Origin: HTTP://HOST\r\n"),
    ] {
        case("POST", "/items", status, &[site, FORM, field], "name=tea");
        let of_session = if status == 303 { 400 } else { status };
        case("POST", "/login", of_session, &[site, FORM], "username=alice");
        case("POST", "/refresh", of_session, &[site, &quoted], "");
        case("POST", "/logout", of_session, &[site, &quoted], "");
        if status == 403 && !site.is_empty() {
            case("GET", "/ws", 403, &[site, ws, field], "");
        }
    }
    case("GET", "/ws", 403, &[ws, field], "");
    // Which cookie, and how often.
    for (status, cookie) in [
        (200, "Cookie: x=\"1; __Host-access=ACCESS; y\r\n"),
        (200, "Cookie: x=1\r\nCookie: __Host-access=ACCESS\r\n"),
        (400, "Cookie: __Host-access=ACCESS; __Host-access=ACCESS\r\n"),
        (400, "Cookie: __Host-access=ACCESS\r\nCookie: __Host-access=ACCESS\r\n"),
        (400, "Cookie: __Host-access=\"ACCESS\"\r\n"),
        (400, "Cookie: __Host-access =ACCESS\r\n"),
        (400, "Cookie: __Host-access=\r\n"),
        (400, "Cookie: __Host-access\r\n"),
        (401, "Cookie: __host-access=ACCESS\r\n"),
        (401, "Cookie: access=ACCESS\r\n"),
        (401, "Cookie: __Host-access=REFRESH\r\n"),
        (400, "Cookie: __Host-access=ACCESS\r\nX-API-Key: x\r\n"),
        (400, "Cookie: __Host-access=ACCESS\r\nAuthorization: Bearer ACCESS\r\n"),
        (400, "Cookie: __Host-access=ACCESS\r\nAuthorization: Basic eDp4\r\n"),
        (400, "X-API-Key: ACCESS\r\nX-API-Key: ACCESS\r\n"),
        (400, "X-API-Key: \"ACCESS\"\r\n"),
        (200, "X-API-Key: ACCESS\r\n"),
        (401, "Sec-WebSocket-Protocol: bearer.ACCESS\r\n"),
    ] {
        case("GET", "/items", status, &[cookie], "");
    }
    for (path, missing) in [("/refresh", 401), ("/logout", 204)] {
        case("POST", path, missing, &[OWN], "");
        case("POST", path, missing, &[OWN, "Cookie: __host-refresh=REFRESH\r\n"], "");
        case("POST", path, missing, &[OWN, "Cookie: __Host-refresh=unknown\r\n"], "");
        case("POST", path, 400, &[OWN, "Cookie: __Host-refresh=REFRESH; __Host-refresh=REFRESH\r\n"], "");
        case("POST", path, 400, &[OWN, "Cookie: __Host-refresh=x\r\nCookie: __Host-refresh=REFRESH\r\n"], "");
        case("POST", path, 400, &[OWN, &quoted], "");
        case("POST", path, 400, &[OWN, &spaced], "");
        case("POST", path, 400, &[OWN, "Cookie: __Host-refresh=\r\n"], "");
    }
    case("POST", "/refresh", 200, &[OWN, field], "");
    // What a login is.
    let json = "Content-Type: application/json\r\n";
    let long = format!("{LOGIN}&x={}", "x".repeat(300 * 1024));
    for (status, kind, body) in [
        (200, json, r#"{"username":"alice","password":"wonderland"}"#),
        (400, json, r#"{"username":"alice","username":"alice","password":"wonderland"}"#),
        (400, json, r#"{"username":"alice","password":["wonderland"]}"#),
        (400, json, LOGIN),
        (400, FORM, "username=alice&username=alice&password=wonderland"),
        (400, FORM, "username=alice&password=wonderland&client_id=pages"),
        (400, FORM, "username=alice&password=looking-glass"),
        (400, FORM, "username=mallory&password=wonderland"),
        (400, FORM, &long),
        (400, "", LOGIN),
        (400, "Content-Type: text/plain\r\n", LOGIN),
        (200, FORM, LOGIN),
    ] {
        case("POST", "/login", status, &[OWN, kind], body);
    }
    case("POST", "/items", 422, &[OWN, FORM, field], "name=");
    case("POST", "/items", 422, &[OWN, FORM, field], "name=a&name=b");
    case("POST", "/items", 422, &[OWN, FORM, field], &long);
    case("POST", "/logout", 204, &[OWN, field], "");
    case("POST", "/refresh", 401, &[OWN, field], "");

    for (method, path, status, fields, body) in &cases {
        let [by_axum, by_actix] = [0, 1].map(|index| {
            let Cookies { access, refresh } = &cookies[index];
            let host = servers[index].address.to_string();
            let fields = fields.replace("HOST", &host).replace("ACCESS", access).replace("REFRESH", refresh);
            without_tokens(send(&servers[index], method, path, &fields, body))
        });
        assert_eq!(by_axum.status, *status, "{method} {path} {fields} {body:.60}");
        assert_eq!(by_axum, by_actix, "{method} {path} {fields} {body:.60}");
    }
    println!(
        "summary: browser: {} requests of every broken form on 2 frameworks, 0 differences",
        cases.len()
    );
}

/// A WebSocket that is open.
struct Socket(TcpStream);

impl Socket {
    fn open(server: &Running, cookies: &Cookies) -> Self {
        let (address, access) = (server.address, &cookies.access);
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: __Host-access={access}\r\nConnection: \
             Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(!head.contains("sec-websocket-protocol"), "{head}");
        Self(stream)
    }

    /// The next frame: its opcode and what it holds.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        assert!(head[0] & 0x80 != 0 && head[1] < 126, "one short frame, unmasked: {head:?}");
        let mut payload = vec![0; usize::from(head[1])];
        self.0.read_exact(&mut payload).unwrap();
        (head[0] & 0x0f, payload)
    }
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

#[test]
fn a_websocket_tells_of_the_own_items_only() {
    for server in start(&[("AUTH_ACCESS_SECONDS", "3600")]) {
        let alice = Cookies::logged_in(&server);
        let bob = LOGIN.replace("alice", "bob");
        let bob = Cookies::of(&send(&server, "POST", "/login", &format!("{OWN}{FORM}"), &bob));
        let (mut of_alice, mut of_bob) = (Socket::open(&server, &alice), Socket::open(&server, &bob));
        assert_eq!(of_alice.frame(), (TEXT, b"hello alice".to_vec()));
        assert_eq!(of_bob.frame(), (TEXT, b"hello bob".to_vec()));
        let fields = format!("{OWN}{FORM}Cookie: __Host-access={}\r\n", alice.access);
        assert_eq!(send(&server, "POST", "/items", &fields, "name=tea").status, 303);
        assert_eq!(of_alice.frame(), (TEXT, b"items".to_vec()));
        of_bob.0.write_all(&[0x80 | PING, 0x80, 0, 0, 0, 0]).unwrap();
        assert_eq!(of_bob.frame(), (PONG, Vec::new()), "bob is told nothing of alice's");
    }
}

#[test]
fn a_websocket_ends_with_its_token_and_the_next_token_opens_another() {
    for server in start(&[("AUTH_ACCESS_SECONDS", "1")]) {
        let first = Cookies::logged_in(&server);
        let ends = |cookies: &Cookies| {
            let mut socket = Socket::open(&server, cookies);
            assert_eq!(socket.frame(), (TEXT, b"hello alice".to_vec()));
            let reason = [&4401_u16.to_be_bytes()[..], b"the token has expired"].concat();
            assert_eq!(socket.frame(), (CLOSE, reason));
        };
        ends(&first);
        let fields = format!("{OWN}Cookie: __Host-refresh={}\r\n", first.refresh);
        ends(&Cookies::of(&send(&server, "POST", "/refresh", &fields, "")));
    }
}

/// What an `EventSource` gets until the server ends the stream: status, fields and events.
fn listen(server: &Running, cookies: &Cookies) -> (String, Vec<String>, String) {
    let Running { address, .. } = server;
    let access = &cookies.access;
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nCookie: __Host-access={access}\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, mut chunks) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines().map(str::to_ascii_lowercase);
    let status = lines.next().unwrap();
    let mut fields: Vec<_> =
        lines.filter(|line| !line.starts_with("date: ") && !line.starts_with("connection: ")).collect();
    fields.sort();
    let mut events = String::new();
    while let Some((length, rest)) = chunks.split_once("\r\n") {
        let (chunk, rest) = rest.split_at(usize::from_str_radix(length, 16).unwrap());
        events.push_str(chunk);
        chunks = rest.strip_prefix("\r\n").unwrap();
    }
    (status, fields, events)
}

#[test]
fn an_event_stream_ends_with_its_token_and_the_next_token_opens_another() {
    for server in start(&[("AUTH_ACCESS_SECONDS", "1")]) {
        let first = Cookies::logged_in(&server);
        let ends = |cookies: &Cookies| {
            let (status, fields, events) = listen(&server, cookies);
            assert_eq!(status, "http/1.1 200 ok");
            let expected =
                ["cache-control: no-store", "content-type: text/event-stream", "transfer-encoding: chunked"];
            assert_eq!(fields, expected);
            assert_eq!(events, "data: hello alice\n\nevent: expired\ndata: the token has expired\n\n");
        };
        ends(&first);
        let fields = format!("{OWN}Cookie: __Host-refresh={}\r\n", first.refresh);
        ends(&Cookies::of(&send(&server, "POST", "/refresh", &fields, "")));
        assert_eq!(send(&server, "GET", "/events", "", "").status, 401, "nobody is logged in");
    }
}

#[test]
fn what_has_no_effect_or_no_sense_is_told() {
    for name in BROWSER {
        for (variable, value, told) in [
            ("AUTH_DATABASE", "x.sqlite", "keeps everything in memory: unset it"),
            ("AUTH_JWKS_FILE", "x.json", "signs its own tokens: unset it"),
            ("AUTH_ACCESS_SECONDS", "soon", "set it to how many seconds"),
            ("AUTH_ACCESS_SECONDS", "0", "access tokens live 1 second to 24 hours"),
            ("AUTH_SECRET", "short", "32"),
        ] {
            let Output { status, stdout, stderr } = example(name).env(variable, value).output().unwrap();
            let stderr = String::from_utf8(stderr).unwrap();
            assert_eq!((status.code(), stderr.lines().count()), (Some(1), 1), "{name} {variable}: {stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains(told), "{stderr}");
            assert!(stdout.is_empty());
        }
    }
}
