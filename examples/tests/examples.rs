//! Runs the examples as a person would: starts them, reads what they print, pastes the lines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::net::SocketAddr;
use std::process::{Command, Output};

use auth_core::Algorithm;
use auth_testing::conformance::{self, Answer, Fixture};

use self::running::{EXAMPLES, Running, example, temporary_file};

/// Does what `curl -i http://address/path [-H 'Name: value'] # status` would do.
fn paste(line: &str, address: SocketAddr) -> (u16, Answer) {
    let (command, status) = line.rsplit_once(" # ").unwrap();
    let rest = command.strip_prefix(&format!("curl -i http://{address}")).unwrap();
    let (path, field) = match rest.split_once(" -H '") {
        Some((path, field)) => (path, format!("{}\r\n", field.strip_suffix('\'').unwrap())),
        None => (rest, String::new()),
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{field}\r\n");
    (status.parse().unwrap(), conformance::send(address, request.as_bytes()).unwrap())
}

#[test]
fn the_printed_lines_do_what_they_say() {
    for name in EXAMPLES {
        let secret = "a secret of more than sixty-four bytes, as HS512 wants it to be, at least";
        let by_algorithm = ["HS256", "HS384", "HS512"]
            .map(|algorithm| [("AUTH_SECRET", secret), ("AUTH_SECRET_ALGORITHM", algorithm)].to_vec());
        for settings in
            [vec![], vec![("AUTH_ISSUER", "me"), ("AUTH_AUDIENCE", "you")]].into_iter().chain(by_algorithm)
        {
            let mut command = example(name);
            command.envs(settings);
            let mut running = Running::start(command);
            let lines = running.curl_lines(10);
            let mut announced = Vec::new();
            for line in &lines {
                let (status, answer) = paste(line, running.address);
                assert_eq!(answer.status, status, "{name}: {line}");
                announced.push(status);
            }
            announced.sort_unstable();
            announced.dedup();
            assert_eq!(announced, [200, 400, 401, 403], "{name}");
        }
    }
}

#[test]
fn both_give_the_same_bytes() {
    let fixture = Fixture::new(Algorithm::Rs256);
    let path = temporary_file("both.json", &fixture.jwks());
    let reports = EXAMPLES.map(|name| {
        let mut command = example(name);
        command.env("AUTH_JWKS_FILE", &path);
        let running = Running::start(command);
        let report = fixture.run(running.address);
        println!("summary: conformance: {name}: {report}");
        report.assert_passed();
        report
    });
    std::fs::remove_file(path).unwrap();
    let [axum, actix] = reports;
    assert!(axum.passed() >= 300, "{axum}");
    let differences = axum.differences(&actix);
    let held = axum.attacks().into_iter().filter(|(number, held)| *held && actix.attacks()[number]).count();
    let (all, differences_found) = (axum.attacks().len(), differences.len());
    println!(
        "summary: conformance: {held} of {all} attacks of the catalogue refused on 2 of 2 frameworks, \
         {differences_found} differences between their answers"
    );
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn a_wrong_configuration_ends_with_status_1_and_one_line() {
    let empty = temporary_file("empty.json", r#"{"keys":[]}"#);
    let empty = empty.to_str().unwrap();
    let long = "a secret of more than thirty-two bytes";
    for name in EXAMPLES {
        for (settings, word) in [
            (vec![("AUTH_SECRET", "short")], "32 or more"),
            (vec![("AUTH_SECRET", "")], "32 or more"),
            (vec![("AUTH_SECRET", long), ("AUTH_SECRET_ALGORITHM", "HS512")], "64 or more"),
            (vec![("AUTH_SECRET", long), ("AUTH_SECRET_ALGORITHM", "RS256")], "use HS256, HS384 or HS512"),
            (vec![("AUTH_SECRET", long), ("AUTH_JWKS_FILE", empty)], "unset one"),
            (vec![("AUTH_JWKS_FILE", empty)], "no usable key"),
            (vec![("AUTH_JWKS_FILE", "/does/not/exist")], "/does/not/exist"),
            (vec![("AUTH_ISSUER", "")], "issuer is empty"),
            (vec![("AUTH_AUDIENCE", "")], "audience is empty"),
            (vec![("AUTH_LISTEN", "nowhere")], "AUTH_LISTEN"),
        ] {
            let Output { status, stdout, stderr } = example(name).envs(settings.clone()).output().unwrap();
            let stderr = String::from_utf8(stderr).unwrap();
            // Warnings about single keys may come before the error.
            let errors: Vec<_> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
            assert_eq!(status.code(), Some(1), "{name} {settings:?}: {stderr}");
            assert!(errors.len() == 1 && stderr.contains(word), "{name} {settings:?}: {stderr}");
            assert!(stdout.is_empty(), "{name} {settings:?}");
        }
    }
    std::fs::remove_file(empty).unwrap();
}

#[cfg(unix)]
#[test]
fn both_end_gracefully_when_asked() {
    for name in EXAMPLES {
        for signal in ["TERM", "INT"] {
            let mut running = Running::start(example(name));
            let pid = running.child.id().to_string();
            assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
            assert_eq!(running.child.wait().unwrap().code(), Some(0), "{name} {signal}");
        }
    }
}
