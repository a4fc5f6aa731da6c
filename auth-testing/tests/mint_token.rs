//! A token minted by hand is one that the application accepts.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use auth_core::{Algorithm, JwtVerifier, VerifiedToken};

const SECRET: &str = "SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA";

type Environment<'a> = &'a [(&'a str, &'a str)];

fn mint(arguments: &[&str], environment: Environment<'_>, stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mint-token"));
    command.args(arguments).env_remove("AUTH_SECRET").envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read ends before all is written.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn minted(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.strip_suffix('\n').unwrap().to_owned()
}

#[track_caller]
fn accepted(algorithm: Algorithm, secret: &str, token: &str) -> VerifiedToken {
    let verifier = JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
    verifier.secret(algorithm, secret).build().unwrap().verify_jwt(token).unwrap()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn it_mints_for_a_day() {
    let token = minted(&mint(&["--subject", "alice"], &[("AUTH_SECRET", SECRET)], ""));
    let token = accepted(Algorithm::Hs256, SECRET, &token);
    assert_eq!((token.subject(), token.scopes().iter().count()), ("alice", 0));
    assert_eq!(token.expires_at().unwrap() - token.issued_at().unwrap(), 86_400);
    assert!(token.issued_at().unwrap() <= now());
}

#[test]
fn every_option_does_what_it_says() {
    let secret = format!("{SECRET}{}", "AEG5nXzxkjlQUVTR1rCqZlAx0c6rHBQo");
    let arguments = [
        "--subject=bob",
        "--scope",
        "orders:read items",
        "--scope",
        "users",
        "--claim",
        "tenant=acme",
        "--claim",
        "roles=[\"admin\"]",
        "--claim",
        "id=\"7\"",
        "--claim",
        "equation=a=b",
        "--lifetime",
        "15m",
        "--algorithm",
        "HS512",
        "--kid",
        "mine",
        "--issuer",
        "https://login.example",
        "--audience",
        "orders",
        "--secret-env",
        "MINE",
    ];
    let token = minted(&mint(&arguments, &[("MINE", &secret)], ""));
    let verifier = JwtVerifier::builder().issuer("https://login.example").audience("orders");
    let verifier = verifier.secret(Algorithm::Hs512, &secret).build().unwrap();
    let token = verifier.verify_jwt(&token).unwrap();
    assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["orders:read", "items", "users"]);
    let claims: serde_json::Value = token.claims().unwrap();
    let claim = |name: &str| claims.get(name).unwrap().clone();
    assert_eq!(claim("tenant"), "acme");
    assert_eq!(claim("roles"), serde_json::json!(["admin"]));
    assert_eq!((claim("id"), claim("equation")), ("7".into(), "a=b".into()));
    assert_eq!(token.expires_at().unwrap() - token.issued_at().unwrap(), 900);
}

#[test]
fn the_secret_comes_from_the_environment_a_file_or_standard_input() {
    let path = std::env::temp_dir().join(format!("mint-token-{}", std::process::id()));
    for end in ["", "\n", "\r\n"] {
        let secret = format!("{SECRET}{end}");
        std::fs::write(&path, &secret).unwrap();
        let by_file = mint(&["--subject", "alice", "--secret-file", path.to_str().unwrap()], &[], "");
        let by_stdin = mint(&["--subject", "alice", "--secret-file", "-"], &[], &secret);
        for output in [by_file, by_stdin] {
            assert_eq!(accepted(Algorithm::Hs256, SECRET, &minted(&output)).subject(), "alice");
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// The header parameter `kid` only if it is wanted: the application may know no key by a name.
#[test]
fn the_header_names_no_key_unless_told() {
    let header = |arguments: &[&str]| {
        let token = minted(&mint(arguments, &[("AUTH_SECRET", SECRET)], ""));
        token.split_once('.').unwrap().0.to_owned()
    };
    assert_eq!(header(&["--subject", "alice"]), "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9");
    assert_ne!(header(&["--subject", "alice", "--kid", "a"]), header(&["--subject", "alice"]));
}

#[test]
fn mistakes_are_told_and_no_token_is_printed() {
    let short = "SXLYXpa777Eh-BZoS4tSMobj_TYZpWy";
    let own_words = JwtVerifier::builder().issuer("i").audience("a").secret(Algorithm::Hs256, short).build();
    let own_words = own_words.unwrap_err().to_string();
    let good = [("AUTH_SECRET", SECRET)];
    let too_short = [("AUTH_SECRET", short)];
    let alice = |rest: &[&'static str]| [&["--subject", "alice"], rest].concat();
    let cases: Vec<(Vec<&str>, Environment<'_>, &str)> = vec![
        (vec![], &good, "Give --subject NAME"),
        (alice(&[]), &[], "the environment variable AUTH_SECRET is not set"),
        (alice(&["--secret-env", "MINE"]), &good, "the environment variable MINE is not set"),
        (
            alice(&["--secret-env", SECRET]),
            &[],
            "the environment variable that --secret-env names is not set",
        ),
        (alice(&[]), &too_short, &own_words),
        (alice(&["--algorithm", "HS512"]), &good, "key source 1"),
        (
            alice(&["--algorithm", "RS256"]),
            &good,
            "\"RS256\" does not sign with a secret: HS256, HS384 and HS512 do",
        ),
        (alice(&["--algorithm", "none"]), &good, "does not sign with a secret"),
        (alice(&["--secret", SECRET]), &[], "others on this machine see what a command line holds"),
        (alice(&["--secret=x"]), &[], "others on this machine see what a command line holds"),
        (
            alice(&["--secret-file", "/nowhere/at/all"]),
            &good,
            "cannot read the secret from \"/nowhere/at/all\"",
        ),
        (alice(&["--secret-file", "-", "--secret-env", "A"]), &good, "not both"),
        (alice(&["--lifetime", "0"]), &good, "is no time above zero"),
        (alice(&["--lifetime", "1y"]), &good, "is no time above zero"),
        (alice(&["--lifetime", "h"]), &good, "is no time above zero"),
        (alice(&["--lifetime", "-1h"]), &good, "is no time above zero"),
        (alice(&["--lifetime", "999999999999999999d"]), &good, "is no time above zero"),
        (alice(&["--lifetime", "99999999d"]), &good, "no verifier of this library would accept this token"),
        (alice(&["--claim", "tenant"]), &good, "--claim needs NAME=VALUE"),
        (alice(&["--claim", "aud=orders"]), &good, "claim `aud` is set by --audience"),
        (alice(&["--claim", "nbf=later"]), &good, "claim `nbf` has a wrong type or value"),
        (alice(&["--subject", "bob"]), &good, "--subject is given twice"),
        (alice(&["--kid"]), &good, "--kid needs a value"),
        (alice(&["--aud", "orders"]), &good, "there is no option --aud"),
        (alice(&[SECRET]), &[], "there is an argument that is no option"),
    ];
    for (arguments, environment, told) in cases {
        let output = mint(&arguments, environment, "");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{arguments:?}");
        assert!(stderr.starts_with("mint-token: ") && stderr.contains(told), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(!stderr.contains(SECRET) && !stderr.contains(short), "{arguments:?}: {stderr}");
    }
}

#[test]
fn the_help_names_every_option() {
    let help = minted(&mint(&["--help"], &[], ""));
    for option in
        ["subject", "scope", "issuer", "audience", "claim", "lifetime", "algorithm", "kid", "secret-env"]
    {
        assert!(help.contains(&format!("  --{option} ")), "{option}");
    }
    assert!(help.contains("  --secret-file PATH"));
}
