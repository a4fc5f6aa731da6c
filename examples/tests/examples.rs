//! Runs the examples as a person would: starts them, reads what they print, pastes the lines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::process::{Command, Output};

use auth_core::Algorithm;
use auth_testing::TestIdentityProvider;
use auth_testing::conformance::{Answer, Fixture};

use self::running::{
    LOGIN, OIDC, PROTECTED, RBAC, Running, TONIC, example, paste, temporary_file, temporary_path,
};

const SECRET: &str = "a secret of more than thirty-two bytes";

#[test]
fn the_printed_lines_do_what_they_say() {
    for name in PROTECTED {
        let secret = "a secret of more than sixty-four bytes, as HS512 wants it to be, at least";
        let by_algorithm = ["HS256", "HS384", "HS512"].map(|algorithm| {
            [("AUTH_SECRET", secret), ("AUTH_SECRET_ALGORITHM", algorithm), ("AUTH_DEMO", "1")].to_vec()
        });
        for settings in
            [vec![], vec![("AUTH_ISSUER", "me"), ("AUTH_AUDIENCE", "you")]].into_iter().chain(by_algorithm)
        {
            let mut command = example(name);
            command.envs(settings);
            let mut running = Running::start(command);
            let lines = running.curl_lines(10);
            let mut announced = Vec::new();
            for line in &lines {
                let (status, answer) = paste(line, running.address, running.address);
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
    let reports = PROTECTED.map(|name| {
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

/// Each line is a call by the example's client, which prints the status first.
#[test]
fn the_printed_calls_do_what_they_say() {
    let mut running = Running::start(example(TONIC));
    let announcement = running.announcement();
    let mut announced = Vec::new();
    for line in announcement.lines().filter(|line| line.starts_with("cargo run")) {
        let (command, status) = line.rsplit_once(" # ").unwrap();
        let command = command.strip_prefix("cargo run -q --example tonic_call -- ").unwrap();
        // Whatever stands in quotes is one argument.
        let parts = command.split('\'').enumerate();
        let arguments = parts.flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        let output = example("tonic_call").args(arguments).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let first = printed.lines().next().unwrap_or_default();
        assert_eq!(first.split(':').next().unwrap(), status, "{line}: {printed}");
        let is_refused = status != "OK";
        assert_eq!(printed.contains("www-authenticate: Bearer"), is_refused, "{line}: {printed}");
        assert_eq!(output.status.code(), Some(if is_refused { code(status) } else { 0 }), "{line}");
        announced.push(status);
    }
    assert_eq!(announced.len(), 15, "{announcement}");
    announced.sort_unstable();
    announced.dedup();
    assert_eq!(announced, ["OK", "PERMISSION_DENIED", "UNAUTHENTICATED"]);
}

/// What the client ends with.
fn code(status: &str) -> i32 {
    64 + if status == "UNAUTHENTICATED" { 16 } else { 7 }
}

/// The whole table, as requests of HTTP and as calls of gRPC: the same tokens, keys and challenges.
#[test]
fn http_and_grpc_say_the_same() {
    let fixture = Fixture::new(Algorithm::Es256);
    let path = temporary_file("grpc.json", &fixture.jwks());
    let start = |name| {
        let mut command = example(name);
        command.env("AUTH_JWKS_FILE", &path);
        Running::start(command)
    };
    let grpc = fixture.run_grpc(start(TONIC).address);
    println!("summary: conformance: {TONIC}: {grpc}");
    grpc.assert_passed();
    for name in PROTECTED {
        let http = fixture.run(start(name).address);
        let (shared, differences) = (grpc.shared_with_http(&http), grpc.differences_from_http(&http));
        println!(
            "summary: conformance: {shared} cases in common of {TONIC} and {name}, {} differences",
            differences.len()
        );
        assert!(shared >= 300, "{shared}");
        assert_eq!(differences, Vec::<String>::new());
    }
    std::fs::remove_file(path).unwrap();
}

/// With an identity provider of their own, which has changed its keys.
#[test]
fn the_printed_lines_of_a_provider_do_what_they_say() {
    for name in OIDC {
        let mut running = Running::start(example(name));
        let announced: Vec<_> = running
            .curl_lines(5)
            .iter()
            .map(|line| {
                let (status, answer) = paste(line, running.address, running.address);
                assert_eq!(answer.status, status, "{name}: {line}");
                status
            })
            .collect();
        assert_eq!(announced, [200, 401, 401, 200, 200], "{name}");
    }
}

/// Both of another provider, so that they accept the same tokens.
#[test]
fn with_a_provider_both_give_the_same_bytes() {
    let provider = TestIdentityProvider::start();
    let servers = OIDC.map(|name| {
        let mut command = example(name);
        command.env("AUTH_ISSUER", provider.issuer()).env("AUTH_AUDIENCE", "https://api.example");
        Running::start(command)
    });
    let good = provider.token("alice").sign();
    let unknown = TestIdentityProvider::start().token("alice").claim("iss", provider.issuer()).sign();
    for (token, status) in [(&*good, 200), (&unknown, 401), ("x", 401), ("a b", 400)] {
        let [axum, actix] = &servers;
        let line = |address| {
            format!("curl -i http://{address}/protected -H 'Authorization: Bearer {token}' # {status}")
        };
        let (_, by_axum) = paste(&line(axum.address), axum.address, axum.address);
        let (_, by_actix) = paste(&line(actix.address), actix.address, actix.address);
        assert_eq!(by_axum.status, status);
        assert_eq!(by_axum, by_actix);
    }
}

#[test]
fn a_provider_that_is_configured_wrongly_is_told() {
    let provider = TestIdentityProvider::start();
    let slash = format!("{}/", provider.issuer());
    for name in OIDC {
        for (settings, told) in [
            (
                vec![("AUTH_ISSUER", "https://id.example")],
                "set both AUTH_ISSUER and AUTH_AUDIENCE, or neither",
            ),
            (vec![("AUTH_ISSUER", &*slash), ("AUTH_AUDIENCE", "api")], "they differ only by a final slash"),
            (vec![("AUTH_ISSUER", "http://id.example"), ("AUTH_AUDIENCE", "api")], "http://id.example"),
            (vec![("AUTH_ISSUER", "https://{realm}"), ("AUTH_AUDIENCE", "api")], "{realm}"),
        ] {
            let Output { status, stderr, .. } = example(name).envs(settings).output().unwrap();
            let stderr = String::from_utf8(stderr).unwrap();
            assert!(!status.success(), "{told}");
            let last = stderr.lines().last().unwrap();
            assert!(last.starts_with("error: ") && last.contains(told), "{told}: {stderr}");
        }
    }
}

/// Each line at both servers, in order, since some change what later ones see.
#[test]
fn the_printed_lines_of_the_orders_do_what_they_say_with_the_same_bytes() {
    let start = |name: &str| {
        let database = temporary_path(&format!("{name}.sqlite"));
        let _ = std::fs::remove_file(&database);
        let mut command = example(name);
        command.env("AUTH_SECRET", SECRET).env("AUTH_DATABASE", &database).env("AUTH_DEMO", "1");
        (Running::start(command), database)
    };
    let [(mut axum, axum_file), (actix, actix_file)] = RBAC.map(start);
    let lines = axum.curl_lines(22);
    let mut announced = Vec::new();
    for line in &lines {
        let (status, by_axum) = paste(line, axum.address, axum.address);
        let (_, by_actix) = paste(line, axum.address, actix.address);
        assert_eq!(by_axum.status, status, "{line}");
        assert_eq!(by_axum, by_actix, "{line}");
        announced.push(status);
    }
    let own_words = |answer: &Answer| answer.body.starts_with(r#"{"error":{"#);
    let admin = lines.iter().find(|line| line.contains("/admin/users # 401")).unwrap();
    assert!(own_words(&paste(admin, axum.address, actix.address).1));
    announced.sort_unstable();
    announced.dedup();
    assert_eq!(announced, [200, 201, 401, 403, 404, 422]);
    // A second start finds the database as it was left.
    drop((axum, actix));
    let mut command = example(RBAC[1]);
    command.env("AUTH_SECRET", SECRET).env("AUTH_DATABASE", &axum_file).env("AUTH_DEMO", "1");
    let mut again = Running::start(command);
    let lines = again.curl_lines(22);
    let orders = lines.iter().find(|line| line.contains("/orders -H") && line.ends_with("# 200")).unwrap();
    let (_, answer) = paste(orders, again.address, again.address);
    assert!(answer.body.contains("green tea") && answer.body.contains("cake"), "{answer:?}");
    drop(again);
    for file in [axum_file, actix_file] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_database_that_cannot_be_used_ends_with_status_1_and_one_line() {
    let no_database = temporary_file("no.sqlite", "this is no database, and far too short for one");
    for name in RBAC.into_iter().chain(LOGIN) {
        for path in ["/does/not/exist/orders.sqlite", no_database.to_str().unwrap()] {
            let Output { status, stdout, stderr } =
                example(name).env("AUTH_DATABASE", path).output().unwrap();
            let stderr = String::from_utf8(stderr).unwrap();
            assert_eq!(status.code(), Some(1), "{name} {path}: {stderr}");
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
            assert!(stderr.contains(path) && stderr.contains("set AUTH_DATABASE"), "{stderr}");
            assert!(stdout.is_empty(), "{name} {path}");
        }
    }
    std::fs::remove_file(no_database).unwrap();
}

#[test]
fn a_wrong_configuration_ends_with_status_1_and_one_line() {
    let empty = temporary_file("empty.json", r#"{"keys":[]}"#);
    let empty = empty.to_str().unwrap();
    let long = "a secret of more than thirty-two bytes";
    for name in PROTECTED {
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
fn all_end_gracefully_when_asked() {
    for name in PROTECTED.into_iter().chain(RBAC).chain(LOGIN) {
        for signal in ["TERM", "INT"] {
            let database = temporary_path(&format!("{name}-{signal}.sqlite"));
            let mut command = example(name);
            command.env("AUTH_DATABASE", &database);
            let mut running = Running::start(command);
            let pid = running.child.id().to_string();
            assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
            assert_eq!(running.child.wait().unwrap().code(), Some(0), "{name} {signal}");
            let _ = std::fs::remove_file(database);
        }
    }
}
