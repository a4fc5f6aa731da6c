//! The pages `docs/from-fastapi-*.md`: whether their files build and run as they stand, and do what the pages say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test"
)]

#[path = "guide/page.rs"]
mod page;
#[path = "guide/project.rs"]
mod project;

use std::net::SocketAddr;

use auth_core::Algorithm;
use auth_testing::TestIssuer;
use auth_testing::conformance::{self, Answer};
use serde_json::Value;

use self::page::{PAGES, Page};
use self::project::{Project, Running, SECRET};

#[test]
fn what_the_steps_quote_is_part_of_the_files() {
    for page in &PAGES {
        let files = page.files();
        assert_eq!(files.len(), 3, "Cargo.toml, src/main.rs and src/tests.rs");
        let parts = page.all("rust");
        assert!(parts.len() >= 20, "{}", parts.len());
        for part in parts {
            let is_part = files.iter().any(|(_, contents)| contents.contains(part));
            assert!(
                is_part,
                "docs/from-fastapi-{}.md quotes what is in none of its files:\n{part}",
                page.framework
            );
        }
    }
}

#[test]
fn both_pages_share_what_does_not_depend_on_the_framework() {
    let [axum, actix] = PAGES.each_ref().map(Page::shared);
    assert!(axum.lines().count() > 200, "{}", axum.lines().count());
    assert_eq!(axum, actix);
    let [axum, actix] = PAGES.each_ref().map(|page| page.all("bash"));
    assert_eq!(axum, actix);
}

#[test]
fn the_entry_page_leads_to_every_step() {
    let entry = include_str!("../../docs/from-fastapi.md");
    for page in &PAGES {
        let steps = page.steps();
        assert_eq!(steps.len(), 15);
        for step in &steps[1..] {
            let link = format!("from-fastapi-{}.md#{step})", page.framework);
            assert!(entry.contains(&link), "{link}");
        }
        let prefix = format!("from-fastapi-{}.md#", page.framework);
        for link in entry.split(&prefix).skip(1) {
            let (step, _) = link.split_once(')').unwrap();
            assert!(steps.contains(&step.to_owned()), "{step}");
        }
    }
}

/// One test, since both build in one directory.
#[test]
fn the_pages_run_as_they_stand() {
    let answers = PAGES.each_ref().map(|page| {
        let project = Project::paste(page);
        project.build();
        tests_pass_and_say_why_a_request_is_refused(page, &project);
        errors_are_those_of_the_page(page, &project);
        let routes = walk(Running::start(&project).address);
        (follow(page, &Running::start(&project)), routes)
    });
    let [axum, actix] = answers;
    assert_eq!(axum.0, actix.0);
    assert_eq!(axum.1, actix.1);
}

fn tests_pass_and_say_why_a_request_is_refused(page: &Page, project: &Project) {
    let printed = project.test();
    let expected = page.all("text")[0];
    assert!(printed.contains("4 passed; 0 failed"), "{printed}");
    assert!(printed.contains(expected), "{printed}");
    assert!(!printed.contains("eyJ"), "a token is printed");
}

fn errors_are_those_of_the_page(page: &Page, project: &Project) {
    let [_, unset, short] = page.all("text").try_into().unwrap();
    assert_eq!(project.failure(None), unset);
    assert_eq!(project.failure(Some("short")), short);
}

/// Does what a reader does, from the first command to the last. Returns the answers without what differs by chance.
fn follow(page: &Page, running: &Running) -> Vec<String> {
    let pasted = running.paste(page);
    assert!(pasted.len() > 35, "{}", pasted.len());
    let mut hashes = Vec::new();
    let mut answers = Vec::new();
    for (line, printed) in pasted {
        let (_, comment) = line.rsplit_once(" # ").unwrap();
        let status = printed.split(' ').nth(1).unwrap_or_else(|| panic!("{line}\n{printed}"));
        assert_eq!(status, comment, "{}: {line}\n{printed}", page.framework);
        let (head, body) = printed.split_once("\r\n\r\n").unwrap();
        if line.contains("/admin/hashes") && status == "200" {
            hashes.push(body.to_owned());
        }
        let mut fields: Vec<_> = head.lines().skip(1).collect();
        fields.retain(|field| !["date:", "connection:", "server:"].iter().any(|own| field.starts_with(own)));
        // Swagger UI's files are its own.
        if line.contains("/docs/") || line.contains("/openapi.json") {
            fields.clear();
        }
        fields.sort();
        answers.push(format!("{status} {fields:?} {}", without_tokens(body)));
    }
    assert!(hashes[0].contains(r#""bob":"pbkdf2-sha256""#), "{hashes:?}");
    assert!(hashes[1].contains(r#""bob":"argon2id""#), "{hashes:?}");
    assert!(hashes[1].contains(r#""alice":"argon2id""#), "{hashes:?}");
    answers
}

fn without_tokens(body: &str) -> String {
    if !body.contains("\"access_token\"") {
        return body.to_owned();
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str(body) else { panic!("{body}") };
    for name in ["access_token", "refresh_token"] {
        if let Some(token) = members.get_mut(name) {
            assert!(token.as_str().is_some_and(|token| token.len() > 20));
            *token = "a token".into();
        }
    }
    Value::Object(members).to_string()
}

/// Sends tokens that nobody gets from the login, and returns all answers.
fn walk(address: SocketAddr) -> Vec<Answer> {
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, SECRET.as_bytes());
    let other = TestIssuer::new(Algorithm::Hs256);
    let items = |subject: &str| Some(issuer.token(subject).scope("items").sign());
    let admin = |subject: &str| Some(issuer.token(subject).claim("roles", vec!["admin"]).sign());
    let bare = Some(issuer.token("alice").sign());
    let forged = Some(other.token("alice").scope("items").sign());
    let requests = [
        ("GET", "/", items("nobody"), 200),
        ("GET", "/", forged.clone(), 401),
        ("GET", "/raw", forged.clone(), 200),
        ("GET", "/users/me", items("alice"), 200),
        ("GET", "/users/me", items("dave"), 403),
        ("GET", "/users/me", items("nobody"), 401),
        ("GET", "/users/me", forged.clone(), 401),
        ("GET", "/users/me", Some(issuer.expired("alice")), 401),
        ("GET", "/users/me/items", items("alice"), 200),
        ("GET", "/users/me/items", bare.clone(), 403),
        ("GET", "/users/me/items", items("dave"), 403),
        ("GET", "/users/me/items", items("nobody"), 401),
        ("GET", "/report", items("alice"), 200),
        ("GET", "/report", admin("edith"), 200),
        ("GET", "/report", bare, 403),
        ("GET", "/admin/hashes", admin("edith"), 200),
        ("GET", "/admin/hashes", admin("dave"), 403),
        ("GET", "/admin/hashes", admin("nobody"), 401),
        ("GET", "/admin/hashes", items("alice"), 403),
        ("GET", "/admin/hashes", None, 401),
        ("POST", "/users/me/log-out", None, 401),
        ("POST", "/users/me/log-out", items("dave"), 403),
        ("POST", "/users/me/log-out", items("nobody"), 401),
        ("POST", "/users/me/password", None, 401),
        ("POST", "/users/me/password", forged, 401),
        ("POST", "/users/me/password", items("dave"), 403),
        ("POST", "/users/me/password", items("alice"), 400),
        ("POST", "/revoke", None, 400),
        ("POST", "/token", None, 400),
    ];
    let send = |(method, path, token, status): (&str, &str, Option<String>, u16)| {
        let field = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n");
        let answer = conformance::send(address, format!("{head}{field}\r\n").as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answer
    };
    requests.into_iter().map(send).collect()
}
