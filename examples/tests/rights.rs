//! Good tokens of people who are not let in any more, at every route of the examples that have users.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::path::PathBuf;

use auth_core::Algorithm;
use auth_testing::TestIssuer;
use auth_testing::conformance::{self, Answer};
use serde_json::Value;

use self::running::{LOGIN, RBAC, Running, example, temporary_path};

const SECRET: &str = "a secret of more than thirty-two bytes";

/// Both servers of an example, with demo accounts in databases of their own.
struct Servers(Vec<(Running, PathBuf)>);

impl Servers {
    fn start(names: [&str; 2]) -> Self {
        let start = |name: &str| {
            let database = temporary_path(&format!("{name}-rights.sqlite"));
            let _ = std::fs::remove_file(&database);
            let mut command = example(name);
            command.env("AUTH_SECRET", SECRET).env("AUTH_DATABASE", &database).env("AUTH_DEMO", "1");
            (Running::start(command), database)
        };
        Self(names.into_iter().map(start).collect())
    }

    /// What both answer.
    #[track_caller]
    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let send =
            |server: &(Running, PathBuf)| conformance::send(server.0.address, request.as_bytes()).unwrap();
        let (axum, actix) = (send(&self.0[0]), send(&self.0[1]));
        assert_eq!(axum, actix, "{method} {path}");
        axum
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (_, database) in &self.0 {
            let _ = std::fs::remove_file(database);
        }
    }
}

/// A token with all rights that there are.
fn token(subject: &str) -> String {
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, SECRET.as_bytes())
        .issuer("https://issuer.example")
        .audience("https://api.example");
    let draft = issuer.token(subject).scope("orders:read orders:write items");
    draft.claim("roles", ["admin"]).header("typ", "at+jwt").sign()
}

#[test]
fn nobody_orders_who_has_left_is_unknown_or_has_lost_the_right() {
    let servers = Servers::start(RBAC);
    let item = r#"{"item":"cake"}"#;
    // Carol may do everything. Erin may do nothing any more but see who she is.
    let routes = [
        ("GET", "/orders", "", 200, 403),
        ("POST", "/orders", item, 201, 403),
        ("GET", "/orders/1", "", 200, 403),
        ("PUT", "/orders/1", item, 200, 403),
        ("GET", "/orders/0", "", 404, 403),
        ("PUT", "/orders/0", item, 404, 403),
        ("GET", "/me", "", 200, 200),
        ("GET", "/admin/users", "", 200, 403),
    ];
    for (method, path, body, by_carol, by_erin) in routes {
        let status = |subject: &str| servers.send(method, path, &token(subject), body).status;
        assert_eq!(status("dave"), 403, "{method} {path}: inactive");
        assert_eq!(status("mallory"), 401, "{method} {path}: unknown");
        assert_eq!(status("erin"), by_erin, "{method} {path}: without rights any more");
        assert_eq!(status("carol"), by_carol, "{method} {path}");
    }
    let orders = servers.send("GET", "/orders", &token("carol"), "").body;
    assert_eq!(orders.matches("cake").count(), 2, "carol's own two: {orders}");
}

/// Bob may place orders, and change his own. A token that says "admin" makes him no administrator.
#[test]
fn a_role_in_a_token_is_not_enough_to_change_what_others_have_ordered() {
    let servers = Servers::start(RBAC);
    let bob = token("bob");
    assert_eq!(servers.send("PUT", "/orders/2", &bob, r#"{"item":"his own"}"#).status, 200);
    assert_eq!(servers.send("PUT", "/orders/1", &bob, r#"{"item":"alice's"}"#).status, 403);
}

/// The frameworks' own limits on bodies differ, and so would their answers.
#[test]
fn what_is_no_order_gets_the_same_answer_on_both() {
    let servers = Servers::start(RBAC);
    let bob = token("bob");
    let long = |length: usize| format!(r#"{{"item":"{}"}}"#, "x".repeat(length));
    let bodies =
        ["", "{", "[]", "null", r#"["cake"]"#, r#"{"item":"cake","x":1}"#, r#"{"item":"","item":"x"}"#];
    let bodies = bodies.map(str::to_owned).into_iter();
    for body in bodies.chain([101, 20_000, 300_000, 3_000_000].map(long)) {
        for (method, path) in [("POST", "/orders"), ("PUT", "/orders/2")] {
            let answer = servers.send(method, path, &bob, &body);
            assert_eq!(answer.status, 422, "{method} {path} {}", &body[..body.len().min(50)]);
        }
    }
    for id in ["%FF", "%00", "0", "-1", "99999999999999999999", "x%2Fy"] {
        for (method, body) in [("GET", ""), ("PUT", r#"{"item":"cake"}"#)] {
            let status =
                |subject| servers.send(method, &format!("/orders/{id}"), &token(subject), body).status;
            assert_eq!([status("bob"), status("erin")], [404, 403], "{method} {id}");
        }
    }
}

/// Nothing is ordered, and nobody is refused for good.
#[test]
fn orders_without_a_database_are_503() {
    let servers = Servers::start(RBAC);
    let carol = token("carol");
    let execute = |statements: &str| {
        for (_, database) in &servers.0 {
            rusqlite::Connection::open(database).unwrap().execute_batch(statements).unwrap();
        }
    };
    let item = r#"{"item":"cake"}"#;
    let routes = [
        ("GET", "/orders", ""),
        ("POST", "/orders", item),
        ("GET", "/orders/1", ""),
        ("PUT", "/orders/1", item),
        ("GET", "/admin/users", ""),
    ];
    for (table, down) in [("orders", &routes[..4]), ("users", &routes)] {
        execute(&format!("ALTER TABLE {table} RENAME TO away"));
        for (method, path, body) in down {
            let answer = servers.send(method, path, &carol, body);
            let retry_after = answer.headers.iter().find(|(name, _)| name == "retry-after");
            assert_eq!((answer.status, retry_after.is_some()), (503, true), "{method} {path}: {answer:?}");
        }
        execute(&format!("ALTER TABLE away RENAME TO {table}"));
    }
    let orders = servers.send("GET", "/orders", &carol, "");
    assert!(orders.status == 200 && !orders.body.contains("cake"), "{orders:?}");
}

/// Every handler but the greeting asks for the user, so that a new one is not forgotten above.
#[test]
fn every_handler_of_the_orders_looks_the_user_up() {
    for source in [include_str!("../rbac/axum_rbac.rs"), include_str!("../rbac/actix_rbac.rs")] {
        let handlers: Vec<_> = source.split("\nasync fn ").skip(1).collect();
        let names = handlers.iter().map(|handler| handler.split_once('(').unwrap().0);
        let handlers: Vec<_> =
            names.zip(&handlers).filter(|(name, _)| !["main", "serve", "whole"].contains(name)).collect();
        assert_eq!(handlers.len(), 6);
        for (name, handler) in handlers {
            let signature = handler.split_once("{\n").unwrap().0;
            assert!(signature.contains("CurrentUser<Db>"), "{name}");
        }
    }
}

/// The document names all routes.
#[test]
fn nobody_gets_in_who_has_left_is_unknown_or_has_lost_the_right() {
    let servers = Servers::start(LOGIN);
    let document: Value = serde_json::from_str(&servers.send("GET", "/openapi.json", "x", "").body).unwrap();
    let mut protected = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            if !security.is_empty() && !security.contains(&serde_json::json!({})) {
                protected.push((method.to_uppercase(), path.replace("{id}", "unknown")));
            }
        }
    }
    assert_eq!(protected.len(), 5, "{protected:?}");
    for (method, path) in protected {
        let status = |subject: &str| servers.send(&method, &path, &token(subject), "{}").status;
        assert_eq!(status("dave"), 403, "{method} {path}: inactive");
        assert_eq!(status("mallory"), 401, "{method} {path}: unknown");
        let without_rights = if path.ends_with("/items") { 403 } else { status("alice") };
        assert_eq!(status("bob"), without_rights, "{method} {path}: without rights any more");
        assert!(![401, 403].contains(&status("alice")), "{method} {path}");
    }
    // Who has left cannot end a session or change a password, either.
    let body = r#"{"current_password":"wonderland","new_password":"a mad tea-party"}"#;
    assert_eq!(servers.send("POST", "/users/me/password", &token("dave"), body).status, 403);
}

/// Where something is set, nobody knows a password, and no token is printed.
#[test]
fn demo_accounts_and_tokens_are_there_only_where_nothing_was_configured() {
    for name in RBAC.into_iter().chain(LOGIN) {
        let folder = temporary_path(&format!("{name}-demo"));
        for (settings, is_demo) in [
            (vec![], true),
            (vec![("AUTH_DEMO", "0")], false),
            (vec![("AUTH_SECRET", SECRET)], false),
            (vec![("AUTH_DATABASE", "own.sqlite")], false),
            (vec![("AUTH_SECRET", SECRET), ("AUTH_DATABASE", "own.sqlite")], false),
            (vec![("AUTH_SECRET", SECRET), ("AUTH_DEMO", "1")], true),
        ] {
            std::fs::create_dir_all(&folder).unwrap();
            let mut command = example(name);
            command.current_dir(&folder).envs(settings.clone());
            let mut running = Running::start(command);
            let printed = running.announcement();
            let status = if RBAC.contains(&name) {
                // With a secret of one's own, tokens of one's own.
                let request = format!(
                    "GET /me HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
                    token("alice")
                );
                let knows_secret = settings.contains(&("AUTH_SECRET", SECRET));
                knows_secret.then(|| conformance::send(running.address, request.as_bytes()).unwrap().status)
            } else {
                let form = "grant_type=password&username=alice&password=wonderland";
                let request = format!(
                    "POST /token HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\
                     Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
                    form.len()
                );
                Some(conformance::send(running.address, request.as_bytes()).unwrap().status)
            };
            let prints_tokens = printed.contains("Bearer eyJ");
            assert_eq!(prints_tokens, is_demo, "{name} {settings:?}: {printed}");
            if let Some(status) = status {
                assert_eq!(status == 200, is_demo, "{name} {settings:?}: {status}");
            }
            #[cfg(unix)]
            for file in std::fs::read_dir(&folder).unwrap() {
                use std::os::unix::fs::PermissionsExt as _;
                let file = file.unwrap();
                let mode = file.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{name}: {}", file.path().display());
            }
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
}
