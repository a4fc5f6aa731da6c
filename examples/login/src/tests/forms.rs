//! Each mistake has its own answer.

use super::*;
use crate::forms::{address, full_name};
use crate::{Failure, PrintedMail};

#[tokio::test]
async fn each_mistake_has_an_answer_of_its_own() {
    let service = Service::new();
    let verify = |body: Vec<u8>| {
        let service = &service.service;
        async move { service.verify(HERE, Some(&body)).await.unwrap_err() }
    };
    let with = |member: &str, value: serde_json::Value| {
        let mut form: serde_json::Value =
            serde_json::from_slice(&verification(CAROL, "x", PASSWORD)).unwrap();
        form[member] = value;
        form.to_string().into_bytes()
    };
    for (member, value, failure) in [
        ("email", json!("carol"), Failure::BadAddress),
        ("full_name", json!(" "), Failure::BadName),
        ("full_name", json!("x".repeat(101)), Failure::BadName),
        ("password", json!("14 characters!"), Failure::ShortPassword),
        ("password", json!("ä".repeat(14)), Failure::ShortPassword),
        ("password", json!(""), Failure::UnsendablePassword),
        ("password", json!("a mad tea-party\n"), Failure::UnsendablePassword),
        ("password", json!("a mad tea-party\0"), Failure::UnsendablePassword),
        ("password", json!("a mad\u{7f}tea-party"), Failure::UnsendablePassword),
        ("password", json!("a mad\u{ffff}tea-party"), Failure::UnsendablePassword),
        ("password", json!("x".repeat(1001)), Failure::LongPassword),
        ("password", json!("passwordpassword"), Failure::CommonPassword),
        ("password", json!("123456789012345"), Failure::CommonPassword),
        ("password", json!("aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Failure::CommonPassword),
        ("password", json!("qwertyuiopasdfgh"), Failure::CommonPassword),
        ("password", json!("carol@example.com"), Failure::CommonPassword),
        ("code", json!(""), Failure::WrongCode),
        ("password", json!("the walrus and the carpenter"), Failure::WrongCode),
        ("password", json!("ɯooɹʇsnɯ ǝɥʇ ɟo ǝpıs"), Failure::WrongCode),
    ] {
        assert_eq!(verify(with(member, value.clone())).await, failure, "{member}: {value}");
    }
    for body in [
        &b"{}"[..],
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        &with("username", json!("x")),
        &with("code", json!(1)),
    ] {
        assert!(
            matches!(verify(body.to_vec()).await, Failure::BadForm(expected) if expected.contains("full_name"))
        );
    }
    let twice =
        String::from_utf8(verification(CAROL, "x", PASSWORD)).unwrap().replacen('{', r#"{"code":"y","#, 1);
    assert!(matches!(verify(twice.into_bytes()).await, Failure::BadForm(_)));
    assert!(matches!(service.service.verify(HERE, None).await, Err(Failure::BadForm(_))), "too long");
}

/// Otherwise its owner could never log in.
#[tokio::test]
async fn a_password_that_no_login_can_carry_is_refused_wherever_one_is_set() {
    let mut service = Service::new();
    service.service.register(HERE, Some(&email(CAROL))).await.unwrap();
    let carol = service.code(CAROL).await;
    service.service.forgot_password(HERE, Some(&email(ERIN))).await.unwrap();
    let erin = service.code(ERIN).await;
    let password = "a mad tea-party\nat six";
    let verified = service.service.verify(HERE, Some(&verification(CAROL, &carol, password))).await;
    assert_eq!(verified.unwrap_err(), Failure::UnsendablePassword);
    let reset = json!({ "email": ERIN, "code": erin, "password": password }).to_string();
    let reset = service.service.reset_password(HERE, Some(reset.as_bytes())).await;
    assert_eq!(reset.unwrap_err(), Failure::UnsendablePassword);
    let user = service.user("erin").await;
    let change = json!({ "current_password": "old", "new_password": password }).to_string();
    let changed = service.service.change_password(&user, HERE, Some(change.as_bytes())).await;
    assert_eq!(changed.unwrap_err(), Failure::UnsendablePassword);
}

#[test]
fn addresses_have_one_spelling() {
    for (sent, stored) in [
        ("carol@example.com", "carol@example.com"),
        (" Carol+Shop@Example.COM\n", "carol+shop@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
    ] {
        assert_eq!(address(sent), Ok(stored.to_owned()));
    }
    for sent in [
        "",
        "carol",
        "carol@",
        "@example.com",
        "carol@localhost",
        "carol@example.com, mallory@example.com",
        "carol@example.com\r\nBcc: mallory@example.com",
        "Carol <carol@example.com>",
        "\"carol mallory\"@example.com",
        "\"carol\"@example.com",
        "carol@[127.0.0.1]",
        "carol@example..com",
        "carol..x@example.com",
        "caro\u{131}@example.com", // whose capital letter is an ASCII one
        "carol@ex\u{e4}mple.com",
        "carol@example.com\0",
        &format!("{}@example.com", "x".repeat(65)),
        &format!("x@{}.com", "abcdefghi.".repeat(30)),
    ] {
        assert_eq!(address(sent), Err(Failure::BadAddress), "{sent:?}");
    }
    assert_eq!(full_name(" Carol \u{5}"), Err(Failure::BadName));
    assert_eq!(full_name(" Carol Ö. "), Ok("Carol Ö.".to_owned()));
}

/// What is pasted into a shell is one argument, whatever the address is.
#[tokio::test]
async fn an_address_is_no_command() {
    let mut service = Service::new();
    let address = "x'`touch${ifs}y`'@example.com";
    service.service.register(HERE, Some(&email(address))).await.unwrap();
    let mail = service.mails.recv().await.unwrap();
    assert_eq!(mail.to, address);
    let lines: Vec<_> = mail.text.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let unquoted: String = line.split('\'').step_by(2).collect();
        assert!(!unquoted.contains('`'), "{line}");
        assert_eq!(line.matches('\'').count(), 4, "{line}");
    }
}

#[test]
fn debug_shows_nothing() {
    let mail = Mail { to: CAROL.to_owned(), subject: "Code", text: "secret".to_owned() };
    let code = random();
    for shown in [format!("{mail:?}"), format!("{code:?}"), format!("{PrintedMail:?}")] {
        assert!(![CAROL, "secret", code.as_str()].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
