//! Logs in as a person and a program would, at both servers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod running;

use std::time::{Duration, Instant};

use auth_core::{Algorithm, JwtVerifier};
use auth_testing::{OpenApiProbe, TestIssuer};
use serde_json::{Value, json};

use self::running::LOGIN;
use self::running::login::{
    FORM, LOGGING_IN, SECRET, Server, are_alike, bearer, field, json, member, seconds,
};

/// The page and all its files come out of the program.
#[test]
fn the_page_is_whole_and_the_same() {
    let [axum, actix] = LOGIN.map(|name| Server::start(name, "page"));
    let files =
        ["", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "index.css"];
    let more = ["swagger-initializer.js", "oauth2-redirect.html", "favicon-32x32.png", "nothing"];
    for file in files.into_iter().chain(more) {
        let path = format!("/docs/{file}");
        let [by_axum, by_actix] = [&axum, &actix].map(|server| server.get(&path, None));
        assert_eq!(by_axum.status, if file == "nothing" { 404 } else { 200 }, "{path}");
        assert_eq!(by_axum, by_actix, "{path}");
    }
}

#[test]
fn bad_requests_are_refused_with_the_same_bytes() {
    let servers = LOGIN.map(|name| Server::start(name, "bad"));
    let form = &format!("Content-Type: {FORM}\r\n");
    let long = format!("{LOGGING_IN}&x={}", "x".repeat(16 * 1024));
    let longer = format!("{LOGGING_IN}&x={}", "x".repeat(400 * 1024));
    let mut cases: Vec<(&str, u16, String, Vec<u8>)> = Vec::new();
    let mut case = |error, status, fields: &str, body: &[u8]| {
        cases.push((error, status, fields.to_owned(), body.to_vec()));
    };
    let login = |from: &str, to: &str| LOGGING_IN.replace(from, to).into_bytes();
    case("invalid_request", 400, "Content-Type: application/json\r\n", b"{\"username\":\"alice\"}");
    case("invalid_request", 400, "", LOGGING_IN.as_bytes());
    case("invalid_request", 400, &form.repeat(2), LOGGING_IN.as_bytes());
    case("invalid_request", 400, form, b"");
    case("invalid_request", 400, form, &login("&username=alice", ""));
    case("invalid_request", 400, form, &login("alice", ""));
    case("invalid_request", 400, form, &login("alice", "alice&username=alice"));
    case("invalid_request", 400, form, &login("alice", "%FF"));
    case("invalid_request", 400, form, b"grant_type=password&username=\xff&password=x");
    case("invalid_request", 400, form, long.as_bytes());
    case("invalid_request", 400, form, longer.as_bytes());
    case("unsupported_grant_type", 400, form, &login("grant_type=password", "grant_type=implicit"));
    case("invalid_scope", 400, form, &login("alice", "alice&scope=%22"));
    case("invalid_scope", 400, form, &login("alice", "alice&scope=admin"));
    case("invalid_client", 400, form, &login("alice", "alice&client_id=unknown"));
    case("invalid_client", 401, &format!("{form}Authorization: Basic eDo=\r\n"), LOGGING_IN.as_bytes());
    case("invalid_grant", 400, form, &login("wonderland", "x"));
    case("invalid_grant", 400, form, &login("alice", "mallory"));
    case("invalid_grant", 400, form, &login("alice", "dave"));
    case("invalid_grant", 400, form, b"grant_type=refresh_token&refresh_token=x");
    let mut not_granted = Vec::new();
    for (error, status, fields, body) in &cases {
        let [by_axum, by_actix] = [0, 1].map(|index| servers[index].post(fields, body));
        let what = String::from_utf8_lossy(&body[..body.len().min(90)]).into_owned();
        assert_eq!((by_axum.status, &*member(&by_axum, "error")), (*status, *error), "{what}");
        assert_eq!(field(&by_axum, "cache-control"), Some("no-store"), "{what}");
        are_alike(&by_axum, &by_actix, &what);
        if by_axum.body.contains("Incorrect username or password") {
            not_granted.push(by_axum);
        }
    }
    assert_eq!(not_granted.len(), 3);
    assert!(not_granted.windows(2).all(|pair| pair[0] == pair[1]), "one answer for whatever was wrong");
    println!("summary: login: {} bad token requests refused by 2 servers, 0 differences", cases.len());
}

#[test]
fn a_login_gives_tokens_that_are_good_here_and_an_hour_of_guessing_does_not() {
    let verifier = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .audience("https://api.example")
        .require_access_token_type()
        .secret(Algorithm::Hs256, SECRET)
        .build()
        .unwrap();
    for name in LOGIN {
        let server = Server::start(name, "guess");
        let answer = server.form(LOGGING_IN);
        let token = member(&answer, "access_token");
        assert_eq!(verifier.verify_jwt(&token).unwrap().subject(), "alice");
        let me = server.get("/users/me", Some(&token));
        assert_eq!(
            (me.status, &*me.body),
            (200, r#"{"id":"alice","email":"alice@example.com","full_name":"Alice Liddell"}"#)
        );
        assert_eq!(server.get("/users/me/items", Some(&token)).status, 200);

        let refused = server.guess_until_refused();
        assert_eq!(member(&refused, "error"), "temporarily_unavailable");
        let seconds: u64 = field(&refused, "retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(server.get("/users/me", Some(&token)).status, 200, "who is in, stays in");
        member(&server.form(LOGGING_IN.replace("alice", "bob")), "access_token");
    }
}

#[test]
fn a_refresh_token_that_comes_again_ends_the_login_also_after_a_restart() {
    for name in LOGIN {
        let mut server = Server::start(name, "refresh");
        let refresh = Server::refresh;
        let first = member(&server.form(LOGGING_IN), "refresh_token");
        let second = refresh(&server, &first);
        assert_eq!(server.get("/users/me", Some(&member(&second, "access_token"))).status, 200);
        let other_login = member(&server.form(LOGGING_IN), "refresh_token");

        let database = std::mem::take(&mut server.database);
        drop(server);
        let server = Server::again(name, database);
        let third = refresh(&server, &member(&second, "refresh_token"));
        assert_eq!(third.status, 200);
        let reused = refresh(&server, &first);
        assert_eq!((reused.status, &*member(&reused, "error")), (400, "invalid_grant"));
        assert_eq!(refresh(&server, &member(&third, "refresh_token")).status, 400, "the whole login ends");
        assert_eq!(refresh(&server, &other_login).status, 200, "and no other");
    }
}

#[test]
fn every_operation_is_protected_as_the_document_says() {
    for name in LOGIN {
        let server = Server::start(name, "probe");
        let document = json(&server.get("/openapi.json", None));
        // Bob may have no scopes; alice has what she asks for.
        // Nobody is granted a look-alike of a scope: it is tried with bob's token.
        let token = |scopes: &[&str]| {
            if scopes.contains(&"items") { server.token("alice", scopes) } else { server.token("bob", &[]) }
        };
        let report = OpenApiProbe::new(&document, token).run(server.running.address);
        println!("summary: document probe: {name}: {report}");
        report.assert_passed();
        assert_eq!((report.operations(), report.never_let_in()), (12, &[][..]));

        // The document promises what it says: were it otherwise, the probe would see it.
        let mut other = document.clone();
        other["paths"]["/users/me"]["get"]["security"] = json!([]);
        other["paths"]["/"]["get"]["security"] = json!([{ "oauth2": ["items"] }]);
        let report = OpenApiProbe::new(&other, token).run(server.running.address);
        // `/users/me` refuses; `/` takes no token, one in the query, none of the scopes, and each of five look-alikes.
        assert_eq!(report.failures().len(), 9, "{report}");
    }
}

#[test]
fn after_a_password_change_every_older_token_is_refused_and_every_newer_one_is_good() {
    let mut answers = Vec::new();
    for name in LOGIN {
        let server = Server::start(name, "change");
        let logins = [(); 3].map(|()| server.form(LOGGING_IN));
        let [first, second, third] = [0, 1, 2].map(|index| member(&logins[index], "refresh_token"));
        let refreshed = server.refresh(&second);
        let mut access: Vec<_> = logins.iter().map(|login| member(login, "access_token")).collect();
        access.push(member(&refreshed, "access_token"));
        let bob = server.form(LOGGING_IN.replace("alice", "bob"));
        for token in &access {
            assert_eq!(server.get("/users/me", Some(token)).status, 200);
        }

        let refused = server.change_password(&access[0], "looking-glass", "a mad tea-party");
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(server.change_password(&access[0], "wonderland", "short").status, 422);
        assert_eq!(server.get("/users/me", Some(&access[0])).status, 200, "nothing has changed yet");
        let before = seconds();
        let changed = server.change_password(&access[0], "wonderland", "a mad tea-party");
        let after = seconds();
        assert_eq!((changed.status, &*changed.body), (204, ""));
        let issued_at = |second: u64| {
            let issuer = TestIssuer::with_secret(Algorithm::Hs256, SECRET.as_bytes());
            let issuer = issuer.issuer("https://issuer.example").audience("https://api.example");
            issuer.token("alice").header("typ", "at+jwt").claim("iat", second).sign()
        };
        assert_eq!(server.get("/users/me", Some(&issued_at(before))).status, 401, "{name}: the same second");
        assert_eq!(server.get("/users/me", Some(&issued_at(after))).status, 200, "{name}: the same second");

        // At once, in whatever second that is.
        let again = server.form(LOGGING_IN.replace("wonderland", "a+mad+tea-party"));
        let newer = member(&again, "access_token");
        assert_eq!(server.get("/users/me", Some(&newer)).status, 200, "{name}");
        let newest = member(&server.refresh(&member(&again, "refresh_token")), "access_token");
        assert_eq!(server.get("/users/me", Some(&newest)).status, 200, "{name}");
        assert_eq!(server.sessions(&newer).len(), 1, "all others have ended");

        let mut after = vec![server.form(LOGGING_IN)];
        for token in [&first, &second, &member(&refreshed, "refresh_token"), &third] {
            after.push(server.refresh(token));
        }
        for answer in &after {
            assert_eq!((answer.status, &*member(answer, "error")), (400, "invalid_grant"), "{name}");
        }
        for token in &access {
            for path in ["/users/me", "/users/me/items", "/users/me/sessions"] {
                let answer = server.get(path, Some(token));
                assert_eq!(answer.status, 401, "{name} {path}");
                after.push(answer);
            }
        }
        assert_eq!(server.refresh(&member(&bob, "refresh_token")).status, 200, "bob has changed nothing");
        assert_eq!(server.get("/users/me", Some(&member(&bob, "access_token"))).status, 200);
        answers.push((refused, changed, after));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn who_has_stolen_a_token_does_not_guess_the_password_by_changing_it() {
    for name in LOGIN {
        let server = Server::start(name, "guess-change");
        let token = server.token("alice", &[]);
        let begin = Instant::now();
        let mut guesses = 0;
        loop {
            match server.change_password(&token, "guess", "a mad tea-party") {
                answer if answer.status == 400 => guesses += 1,
                answer => {
                    assert_eq!(answer.status, 429, "{answer:?}");
                    assert!(field(&answer, "retry-after").is_some());
                    break;
                }
            }
            let most = 2 * (10 + begin.elapsed().as_secs().div_ceil(60));
            assert!(guesses <= most, "{guesses} guesses were judged");
        }
        assert!(
            guesses >= 20,
            "ten that everybody has, and ten of the network that alice has logged in from"
        );
        // A machine that is so busy that a minute has passed has one more guess.
        if begin.elapsed().as_secs() < 50 {
            let login = server.form(LOGGING_IN);
            assert_eq!(login.status, 400, "{name}: the login counts with it");
        }
    }
}

#[test]
fn a_user_sees_and_ends_logins_and_logs_out() {
    let mut answers = Vec::new();
    for name in LOGIN {
        let server = Server::start(name, "sessions");
        let form = format!("Content-Type: {FORM}\r\n");
        let log_in = |browser: &str| server.post(&format!("{form}User-Agent: {browser}\r\n"), LOGGING_IN);
        let (desk, phone) = (log_in("Firefox"), log_in("Safari"));
        let (token, bob) = (member(&desk, "access_token"), server.token("bob", &[]));
        let labelled = |wanted: &str| {
            let sessions = server.sessions(&token);
            sessions.into_iter().find(|session| session["label"] == wanted)
        };
        let safari = labelled("Safari").unwrap();
        let lived =
            |session: &Value| session["expires_at"].as_u64().unwrap() - session["began_at"].as_u64().unwrap();
        assert_eq!((lived(&safari), server.sessions(&token).len()), (14 * 24 * 60 * 60, 2));
        assert!(labelled("Firefox").is_some());

        let end = |id: &Value, token: &str| {
            let path = format!("/users/me/sessions/{}", id.as_str().unwrap());
            server.sends("DELETE", &path, &bearer(token), "")
        };
        let by_bob = end(&safari["id"], &bob);
        assert_eq!(by_bob.status, 404, "it is alice's");
        assert!(labelled("Safari").is_some());
        for unknown in ["unknown", "%FF", "%00", "x%2Fy"] {
            assert_eq!(end(&json!(unknown), &token), by_bob, "{unknown}");
        }
        let ended = end(&safari["id"], &token);
        assert_eq!(ended.status, 204);
        let refused = server.refresh(&member(&phone, "refresh_token"));
        assert_eq!(refused.status, 400);
        assert_eq!(end(&safari["id"], &token), by_bob, "it is not there any more");

        let next = server.refresh(&member(&desk, "refresh_token"));
        let out = server.revoke(format!("token={}", member(&next, "refresh_token")));
        assert_eq!((out.status, &*out.body), (200, "{}"));
        assert_eq!(server.refresh(&member(&next, "refresh_token")), refused);
        assert_eq!(server.sessions(&token), Vec::<Value>::new());
        let unsupported = server.revoke(format!("token={token}"));
        assert_eq!((unsupported.status, &*member(&unsupported, "error")), (400, "unsupported_token_type"));
        let missing = server.revoke("token=");
        assert_eq!((missing.status, &*member(&missing, "error")), (400, "invalid_request"));
        answers.push([by_bob, ended, refused, out, unsupported, missing]);
    }
    assert_eq!(answers[0], answers[1]);
}

/// Two tabs.
#[test]
fn refreshes_at_the_same_moment_do_not_end_the_login() {
    for name in LOGIN {
        let server = Server::start(name, "tabs");
        let mut token = member(&server.form(LOGGING_IN), "refresh_token");
        for _ in 0..3 {
            let begin = Instant::now();
            let answers: Vec<_> = std::thread::scope(|scope| {
                let tabs: Vec<_> = (0..4).map(|_| scope.spawn(|| server.refresh(&token))).collect();
                tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
            });
            // A machine that is so busy has not sent them at the same moment.
            if begin.elapsed() >= Duration::from_secs(9) {
                return;
            }
            let next: Vec<_> = answers.iter().map(|answer| member(answer, "refresh_token")).collect();
            assert!(next.iter().all(|other| *other == next[0]), "{name}: one successor for all");
            token.clone_from(&next[0]);
        }
    }
}
