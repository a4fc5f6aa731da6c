//! One of the login examples, and what a person and a program send to it.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use auth_core::{Clock as _, SystemClock};
use auth_testing::conformance::{self, Answer};
use serde_json::{Value, json};

use super::{Running, example, temporary_path};

pub const SECRET: &str = "a secret of more than thirty-two bytes";
pub const FORM: &str = "application/x-www-form-urlencoded";
pub const LOGGING_IN: &str = "grant_type=password&username=alice&password=wonderland";

pub struct Server {
    pub running: Running,
    pub database: PathBuf,
}

impl Server {
    /// With a database of its own, which is not there yet.
    pub fn start(example_name: &str, test: &str) -> Self {
        let database = temporary_path(&format!("{example_name}-{test}.sqlite"));
        let _ = std::fs::remove_file(&database);
        Self::again(example_name, database)
    }

    pub fn again(example_name: &str, database: PathBuf) -> Self {
        Self { running: Running::start(Self::command(example_name, &database)), database }
    }

    /// Logs all that there is to log.
    pub fn logging(example_name: &str, database: PathBuf, log: Stdio) -> Self {
        let mut command = Self::command(example_name, &database);
        command.env("RUST_LOG", "trace");
        Self { running: Running::logging(command, log), database }
    }

    fn command(example_name: &str, database: &Path) -> Command {
        let mut command = example(example_name);
        command.env("AUTH_SECRET", SECRET).env("AUTH_DATABASE", database).env("AUTH_DEMO", "1");
        command
    }

    pub fn send(&self, request: &[u8]) -> Answer {
        conformance::send(self.running.address, request).unwrap()
    }

    /// Sends JSON, without a token.
    pub fn json(&self, path: &str, body: &Value) -> Answer {
        self.sends("POST", path, "Content-Type: application/json\r\n", body.to_string())
    }

    /// The code in the next mail that it prints.
    pub fn code(&mut self, to: &str) -> String {
        let mail = self.running.mail();
        assert_eq!(mail[1], format!("To: {to}"), "{mail:?}");
        let line = mail.iter().find(|line| line.contains(r#""code":""#)).unwrap();
        line.split_once(r#""code":""#).unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    pub fn execute(&self, statements: &str) {
        rusqlite::Connection::open(&self.database).unwrap().execute_batch(statements).unwrap();
    }

    pub fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let field = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{field}\r\n").as_bytes())
    }

    pub fn post(&self, fields: &str, body: impl AsRef<[u8]>) -> Answer {
        self.sends("POST", "/token", fields, body)
    }

    pub fn sends(&self, method: &str, path: &str, fields: &str, body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
        write!(head, "{fields}Content-Length: {}\r\n\r\n", body.len()).unwrap();
        self.send(&[head.as_bytes(), body].concat())
    }

    pub fn form(&self, body: impl AsRef<[u8]>) -> Answer {
        self.post(&format!("Content-Type: {FORM}\r\n"), body)
    }

    pub fn revoke(&self, body: impl AsRef<[u8]>) -> Answer {
        self.sends("POST", "/revoke", &format!("Content-Type: {FORM}\r\n"), body)
    }

    pub fn refresh(&self, token: &str) -> Answer {
        self.form(format!("grant_type=refresh_token&refresh_token={token}"))
    }

    pub fn change_password(&self, token: &str, current: &str, new: &str) -> Answer {
        let body = json!({ "current_password": current, "new_password": new }).to_string();
        self.sends("POST", "/users/me/password", &bearer(token), body)
    }

    pub fn sessions(&self, token: &str) -> Vec<Value> {
        serde_json::from_str(&self.get("/users/me/sessions", Some(token)).body).unwrap()
    }

    /// Guesses at alice's password, where she has logged in, until even the right one is refused: after the ten guesses
    /// that everybody has, ten that this network has, and one more of both for each minute that passes meanwhile.
    pub fn guess_until_refused(&self) -> Answer {
        let begin = Instant::now();
        let mut guesses = 0;
        loop {
            let guess = self.form(LOGGING_IN.replace("wonderland", "guess"));
            let most = 2 * (10 + begin.elapsed().as_secs().div_ceil(60));
            guesses += u64::from(guess.status == 400);
            assert!(guesses <= most, "{guesses} guesses were judged");
            if guess.status == 400 {
                continue;
            }
            assert_eq!((guess.status, guesses >= 20), (429, true), "{guesses} guesses were judged");
            let refused = self.form(LOGGING_IN);
            if refused.status == 429 {
                return refused;
            }
            assert!(begin.elapsed() >= Duration::from_secs(60), "{refused:?}");
        }
    }

    pub fn token(&self, username: &str, scopes: &[&str]) -> String {
        let scope = if scopes.is_empty() { String::new() } else { format!("&scope={}", scopes.join("+")) };
        let answer = self.form(format!("grant_type=password&username={username}&password=wonderland{scope}"));
        member(&answer, "access_token")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.database);
    }
}

pub fn seconds() -> u64 {
    SystemClock.now().unwrap()
}

pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

pub fn member(answer: &Answer, name: &str) -> String {
    json(answer)[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
}

pub fn field<'a>(answer: &'a Answer, wanted: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// The same, but for what is never the same twice: tokens, and the id of a new account.
#[track_caller]
pub fn are_alike(one: &Answer, other: &Answer, what: &str) {
    let without_random = |answer: &Answer| {
        let mut answer = answer.clone();
        let random = match &answer.body {
            body if body.starts_with(r#"{"access_token""#) => &["access_token", "refresh_token"][..],
            _ if answer.status == 201 => &["id"],
            _ => return answer,
        };
        let mut body = json(&answer);
        for name in random {
            let length = member(&answer, name).len();
            body[name] = json!(format!("{length} characters"));
        }
        answer.body = body.to_string();
        answer
    };
    assert_eq!(without_random(one), without_random(other), "{what}");
}
