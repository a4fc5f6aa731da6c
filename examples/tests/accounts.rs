//! How people get accounts and new passwords, and what others try meanwhile, at both login examples.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::fs::File;
use std::process::Stdio;

use auth_testing::conformance::Answer;
use serde_json::{Value, json};

use self::running::login::{LOGGING_IN, Server, are_alike, field, json, member};
use self::running::{LOGIN, RBAC, example, paste, temporary_path};

const CAROL: &str = "carol@example.com";
const ERIN: &str = "erin@example.com";
const PASSWORD: &str = "a mad tea-party";

fn servers(test: &str) -> [Server; 2] {
    LOGIN.map(|name| Server::start(name, test))
}

fn email(email: &str) -> Value {
    json!({ "email": email })
}

fn verification(email: &str, code: &str) -> Value {
    json!({ "email": email, "code": code, "password": PASSWORD, "full_name": "Carol" })
}

fn reset(email: &str, code: &str) -> Value {
    json!({ "email": email, "code": code, "password": PASSWORD })
}

/// What both answer, which has to be the same.
#[track_caller]
fn both(servers: &[Server; 2], path: &str, body: &Value) -> Answer {
    let [axum, actix] = servers.each_ref().map(|server| server.json(path, body));
    assert_eq!(axum, actix, "{path} {body}");
    axum
}

/// All that is printed at the start, and in the mails that come of it.
#[test]
fn the_printed_lines_do_what_they_say_with_the_same_bytes() {
    let mut servers = servers("lines");
    let mut lines = servers.each_mut().map(|server| {
        let lines = server.running.announcement();
        lines.lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(lines[0].len(), 41, "{lines:?}");
    let (mut announced, mut position) = (Vec::new(), 0);
    while let (Some(axum), Some(actix)) = (lines[0].get(position), lines[1].get(position)) {
        let lines_here = [axum.clone(), actix.clone()];
        let answers = [0, 1].map(|index| {
            let (address, line) = (servers[index].running.address, &lines_here[index]);
            let (status, answer) = paste(line, address, address);
            assert_eq!(answer.status, status, "{line}: {answer:?}");
            announced.push(status);
            answer
        });
        are_alike(&answers[0], &answers[1], &lines_here[0]);
        position += 1;
        if answers[0].status == 202 && !lines_here[0].contains("mallory") {
            for (server, lines) in servers.iter_mut().zip(&mut lines) {
                let mail = server.running.mail().into_iter().filter(|line| line.starts_with("curl "));
                // One does what a mail says before the rest.
                lines.splice(position..position, mail);
            }
        }
    }
    assert_eq!(lines.map(|lines| lines.len()), [48, 48], "with those of four mails");
    println!("summary: login: {position} lines pasted into 2 servers, mails included, 0 differences");
    announced.sort_unstable();
    announced.dedup();
    assert_eq!(announced, [200, 201, 202, 204, 303, 400, 401, 403, 404, 422]);
}

#[test]
fn no_answer_tells_who_has_an_account() {
    let servers = servers("uniform");
    for (path, own) in [("/register", "check your mail"), ("/forgot-password", "if this address")] {
        let addresses = [CAROL, "mallory@example.com", "alice@example.com", "dave@example.com"];
        let answers = addresses.map(|address| both(&servers, path, &email(address)));
        assert!(answers.iter().all(|answer| answer.status == 202 && *answer == answers[0]), "{answers:?}");
        assert!(member(&answers[0], "message").to_lowercase().starts_with(own));
    }
    let mut answers = Vec::new();
    for address in ["mallory@example.com", "alice@example.com", "dave@example.com"] {
        answers.push(both(&servers, "/verify", &verification(address, "guess")));
        answers.push(both(&servers, "/reset-password", &reset(address, "guess")));
    }
    assert!(answers.iter().all(|answer| answer.status == 400 && *answer == answers[0]), "{answers:?}");
}

#[test]
fn each_mistake_in_a_form_has_the_same_answer_on_both() {
    let servers = servers("forms");
    let with = |member: &str, value: Value| {
        let mut form = verification(CAROL, "guess");
        form[member] = value;
        form
    };
    let mut messages = Vec::new();
    for (path, body, word) in [
        ("/register", json!({}), "email"),
        ("/register", email("carol"), "e-mail address"),
        ("/register", json!({ "email": CAROL, "password": PASSWORD }), r#"Send {"email":"..."}"#),
        ("/forgot-password", json!([CAROL]), r#"Send {"email":"..."}"#),
        ("/forgot-password", email(""), "e-mail address"),
        ("/verify", email(CAROL), "full_name"),
        ("/verify", with("password", json!("short")), "15 characters or more"),
        ("/verify", with("password", json!("x".repeat(1001))), "1000 characters or fewer"),
        ("/verify", with("password", json!("passwordpassword")), "easy to guess"),
        ("/verify", with("full_name", json!("")), "full_name"),
        ("/verify", with("full_name", json!("x".repeat(20_000))), "full_name"),
        ("/reset-password", email(CAROL), "code"),
        ("/reset-password", json!({ "email": ERIN, "code": "x", "password": "short" }), "15 characters"),
    ] {
        let answer = both(&servers, path, &body);
        let message = member(&answer, "message");
        assert!(answer.status == 422 && message.contains(word), "{path} {body}: {answer:?}");
        messages.push(message);
    }
    for body in [&b"{"[..], b"", b"\xff", b"email=carol%40example.com"] {
        let answers = [0, 1].map(|index| servers[index].sends("POST", "/register", "", body));
        assert_eq!((answers[0].status, &answers[0]), (422, &answers[1]));
    }
    println!("summary: login: {} mistakes in forms told to 2 servers, 0 differences", messages.len() + 4);
}

/// Every older login, refresh token and access token.
#[test]
fn a_reset_ends_what_was_before() {
    let mut ends = Vec::new();
    for name in LOGIN {
        let mut server = Server::start(name, "reset");
        let log_in = |server: &Server, password: &str| {
            server.form(LOGGING_IN.replace("alice", "erin").replace("wonderland", password))
        };
        let before = log_in(&server, "wonderland");
        let token = member(&before, "access_token");
        server.json("/forgot-password", &email(" Erin@Example.com"));
        let code = server.code(ERIN);
        assert_eq!(server.get("/users/me", Some(&token)).status, 200, "nothing has changed yet");
        let done = server.json("/reset-password", &reset(ERIN, &code));
        assert_eq!((done.status, &*done.body), (204, ""));
        let after = [
            log_in(&server, "wonderland"),
            server.refresh(&member(&before, "refresh_token")),
            server.get("/users/me", Some(&token)),
            server.json("/reset-password", &reset(ERIN, &code)),
        ];
        assert_eq!(after.each_ref().map(|answer| answer.status), [400, 400, 401, 400], "{name}");
        let newer = member(&log_in(&server, "a+mad+tea-party"), "access_token");
        assert_eq!(server.get("/users/me", Some(&newer)).status, 200, "{name}: at once");
        assert_eq!(server.sessions(&newer).len(), 1);
        ends.push(after);
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn codes_that_are_not_good_get_one_answer() {
    let mut refused = Vec::new();
    for name in LOGIN {
        let mut server = Server::start(name, "codes");
        let mut asks = |path: &str, address: &str| {
            assert_eq!(server.json(path, &email(address)).status, 202);
            server.code(address)
        };
        let superseded = asks("/forgot-password", ERIN);
        let erin = asks("/forgot-password", ERIN);
        let bob = asks("/forgot-password", "bob@example.com");
        let carol = asks("/register", CAROL);
        let expired = asks("/register", "frank@example.com");
        server.execute("UPDATE codes SET expires_at = unixepoch() WHERE address = 'frank@example.com'");
        for (path, body) in [
            ("/reset-password", reset(ERIN, &superseded)),
            ("/reset-password", reset(ERIN, &bob)),
            ("/reset-password", reset(CAROL, &carol)),
            ("/verify", verification(ERIN, &erin)),
            ("/verify", verification("frank@example.com", &expired)),
            ("/verify", verification("frank@example.com", &carol)),
        ] {
            refused.push(server.json(path, &body));
        }
        // All at the same moment; one gets through.
        let verify = verification(CAROL, &carol);
        let mut answers: Vec<_> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| server.json("/verify", &verify))).collect();
            tries.into_iter().map(|answer| answer.join().unwrap()).collect()
        });
        answers.sort_by_key(|answer| answer.status);
        let created = answers.remove(0);
        assert_eq!((created.status, &*member(&created, "email")), (201, CAROL));
        refused.append(&mut answers);
        refused.push(server.json("/verify", &verify));
        assert_eq!(server.json("/reset-password", &reset(ERIN, &erin)).status, 204, "still good");
        let scope = member(
            &server.form(
                LOGGING_IN
                    .replace("alice&password=wonderland", "carol%40example.com&password=a+mad+tea-party"),
            ),
            "scope",
        );
        assert_eq!(scope, "items");
    }
    assert_eq!(refused.len(), 20);
    assert!(refused.iter().all(|answer| answer.status == 400 && *answer == refused[0]), "{refused:?}");
}

/// Under any name of the account, and by any of the forms.
#[test]
fn who_guesses_codes_cannot_guess_passwords_and_the_right_code_waits() {
    for name in LOGIN {
        let mut server = Server::start(name, "guess-codes");
        server.json("/register", &email(CAROL));
        let code = server.code(CAROL);
        let begin = std::time::Instant::now();
        let guess = loop {
            let answer = server.json("/verify", &verification(CAROL, "guess"));
            if answer.status == 429 {
                break answer;
            }
            assert_eq!(answer.status, 400, "{answer:?}");
            assert!(begin.elapsed().as_secs() < 600, "nobody stops guessing");
        };
        let seconds: u64 = field(&guess, "retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        // A machine that is so busy that a minute has passed has one more guess.
        if begin.elapsed().as_secs() < 50 {
            assert_eq!(server.json("/verify", &verification(CAROL, &code)).status, 429);
            let login = LOGGING_IN.replace("alice", "carol%40example.com");
            assert_eq!(server.form(&login).status, 429, "{name}: the login counts with it");
        }
    }
}

/// The same code is still good when the database is there again.
#[test]
fn a_database_that_is_down_is_503_and_loses_nothing() {
    let mut down = Vec::new();
    for name in LOGIN {
        let mut server = Server::start(name, "down");
        server.json("/register", &email(CAROL));
        let carol = server.code(CAROL);
        server.json("/forgot-password", &email(ERIN));
        let erin = server.code(ERIN);
        let access = server.token("bob", &[]);
        for table in ["codes", "accounts"] {
            server.execute(&format!("ALTER TABLE {table} RENAME TO away"));
            down.push(server.json("/register", &email("frank@example.com")));
            down.push(server.json("/forgot-password", &email("bob@example.com")));
            down.push(server.json("/verify", &verification(CAROL, &carol)));
            down.push(server.json("/reset-password", &reset(ERIN, &erin)));
            server.execute(&format!("ALTER TABLE away RENAME TO {table}"));
        }
        server.execute("ALTER TABLE logins RENAME TO away");
        down.push(server.json("/reset-password", &reset(ERIN, &erin)));
        down.push(server.change_password(&access, "wonderland", PASSWORD));
        server.execute("ALTER TABLE away RENAME TO logins");
        assert_eq!(server.form(LOGGING_IN.replace("alice", "erin")).status, 200, "the old password");
        assert_eq!(server.json("/verify", &verification(CAROL, &carol)).status, 201);
        assert_eq!(server.json("/reset-password", &reset(ERIN, &erin)).status, 204);
        assert_eq!(server.change_password(&access, "wonderland", PASSWORD).status, 204);
        // None was sent while it was down, and none counts.
        for _ in 0..3 {
            assert_eq!(server.json("/forgot-password", &email("bob@example.com")).status, 202);
            server.code("bob@example.com");
        }
    }
    assert!(down.iter().all(|answer| answer.status == 503 && *answer == down[0]), "{down:?}");
    assert_eq!(field(&down[0], "retry-after"), Some("5"));
    println!(
        "summary: login: {} requests without a database answered 503 by 2 servers, 0 differences",
        down.len()
    );
}

#[test]
fn nothing_in_the_log_identifies_a_password_a_code_or_a_token() {
    for name in LOGIN {
        let log = temporary_path(&format!("{name}-log"));
        let database = temporary_path(&format!("{name}-log.sqlite"));
        let _ = std::fs::remove_file(&database);
        let mut server = Server::logging(name, database, Stdio::from(File::create(&log).unwrap()));
        let mut secrets = vec!["wonderland".to_owned(), "tea-party".to_owned(), "password-guess".to_owned()];
        server.json("/register", &email(CAROL));
        secrets.push(server.code(CAROL));
        server.json("/verify", &verification(CAROL, "code-guess"));
        secrets.push("code-guess".to_owned());
        server.json("/verify", &verification(CAROL, &secrets[3]));
        server.json("/forgot-password", &email(ERIN));
        let code = server.code(ERIN);
        server.execute("ALTER TABLE logins RENAME TO away");
        assert_eq!(server.json("/reset-password", &reset(ERIN, &code)).status, 503);
        server.execute("ALTER TABLE away RENAME TO logins");
        assert_eq!(server.json("/reset-password", &reset(ERIN, &code)).status, 204);
        secrets.push(code);
        server.form(LOGGING_IN.replace("wonderland", "password-guess"));
        let login = server.form(LOGGING_IN);
        let token = member(&login, "access_token");
        server.change_password(&token, "password-guess", PASSWORD);
        server.change_password(&token, "wonderland", "password-guess");
        server.refresh(&member(&login, "refresh_token"));
        secrets.extend([token, member(&login, "refresh_token")]);
        drop(server);
        let logged = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert!(logged.contains("the database failed"), "{name}: this is no log: {logged}");
        for secret in &secrets {
            // What is long enough to be no accident, wherever it was cut.
            for part in [&secret[..secret.len().min(10)], &secret[secret.len().saturating_sub(10)..]] {
                assert!(!logged.contains(part), "{name}: {part}");
            }
        }
    }
}

/// Those of older versions are brought up to date, unless nobody can tell what is missing.
#[test]
fn a_database_of_another_version_serves_or_is_told() {
    for name in RBAC.into_iter().chain(LOGIN) {
        let file = temporary_path(&format!("{name}-version.sqlite"));
        let _ = std::fs::remove_file(&file);
        let execute = |statements: &str| {
            rusqlite::Connection::open(&file).unwrap().execute_batch(statements).unwrap();
        };
        let refuses = |word: &str| {
            let output = example(name).env("AUTH_DATABASE", &file).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{name}: {stderr}");
            assert!(stderr.contains(word) && stderr.contains("set AUTH_DATABASE"), "{name}: {stderr}");
        };
        if RBAC.contains(&name) {
            execute(
                "CREATE TABLE users (subject TEXT PRIMARY KEY, name TEXT NOT NULL, active INTEGER NOT NULL);
                 CREATE TABLE orders (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, item TEXT NOT NULL);",
            );
            refuses("older version of this example");
            std::fs::remove_file(&file).unwrap();
        } else {
            // As the first one made it; the hash is that of "wonderland".
            let new = Server::start(name, "version-new");
            let hash: String = rusqlite::Connection::open(&new.database)
                .unwrap()
                .query_row("SELECT password_hash FROM accounts WHERE id = 'alice'", [], |row| row.get(0))
                .unwrap();
            execute(&format!(
                "CREATE TABLE accounts (username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
                     scopes TEXT NOT NULL, active INTEGER NOT NULL);
                 CREATE TABLE items (owner TEXT NOT NULL, name TEXT NOT NULL);
                 CREATE TABLE refresh_tokens (token_hash TEXT PRIMARY KEY);
                 INSERT INTO accounts VALUES ('alice', 'Alice', '{hash}', 'items', 1);"
            ));
            let server = Server::again(name, file.clone());
            let login = server.form(LOGGING_IN);
            let me = server.get("/users/me", Some(&member(&login, "access_token")));
            assert_eq!(json(&me), json!({ "id": "alice", "email": null, "full_name": "Alice" }));
            assert_eq!(server.refresh(&member(&login, "refresh_token")).status, 200);
            assert_eq!(
                server.change_password(&member(&login, "access_token"), "wonderland", PASSWORD).status,
                204
            );
            drop(server); // removes the file
        }
        drop(running::Running::start({
            let mut command = example(name);
            command.env("AUTH_DATABASE", &file);
            command
        }));
        execute("PRAGMA user_version = 99");
        refuses("newer version of this example");
        std::fs::remove_file(&file).unwrap();
    }
}
