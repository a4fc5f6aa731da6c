//! What whoever is not the reader of the mail tries.

use std::time::Duration;

use super::*;
use crate::codes::Purpose;
use crate::db::Owner;
use crate::{Failure, Success};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
const SECOND: Duration = Duration::from_secs(1);

/// Issues a code to erin, who has an account, or to carol, who has none.
async fn issued(db: &Db, purpose: Purpose) -> Code {
    let code = random();
    let (email, is_for) = match purpose {
        Purpose::Register => (CAROL, Owner::Nobody),
        Purpose::ResetPassword => (ERIN, Owner::Active),
    };
    assert_eq!(db.issue_code(purpose, email, code.clone(), is_for).await.unwrap(), is_for);
    code
}

async fn registers(db: &Db, email: &str, code: &Code) -> bool {
    db.register(email, code.clone(), "Carol".to_owned(), "hash".to_owned()).await.unwrap().is_some()
}

async fn resets(db: &Db, email: &str, code: &Code) -> bool {
    db.reset_password(email, code.clone(), "new".to_owned()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_code_expires_to_the_second() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    let code = issued(&db, Purpose::ResetPassword).await;
    clock.advance(HALF_AN_HOUR);
    assert!(!resets(&db, ERIN, &code).await);
    let code = issued(&db, Purpose::ResetPassword).await;
    clock.advance(HALF_AN_HOUR - SECOND);
    assert!(resets(&db, ERIN, &code).await);

    let code = issued(&db, Purpose::Register).await;
    clock.advance(DAY);
    assert!(!registers(&db, CAROL, &code).await);
    let code = issued(&db, Purpose::Register).await;
    clock.advance(DAY - SECOND);
    assert!(registers(&db, CAROL, &code).await);
    assert_eq!(file.text("SELECT count(*) || '' FROM codes"), "0", "expired codes are deleted");
}

#[tokio::test]
async fn a_code_is_good_once_for_its_purpose_and_its_address_and_until_the_next() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    let first = issued(&db, Purpose::ResetPassword).await;
    let second = issued(&db, Purpose::ResetPassword).await;
    assert!(!resets(&db, ERIN, &first).await, "superseded");
    let others = ["alice@example.com", "dave@example.com", CAROL, "ERIN@example.com", "", "erin"];
    for other in others {
        assert!(!resets(&db, other, &second).await, "{other}");
        assert!(!registers(&db, other, &second).await, "{other}");
    }
    assert!(!registers(&db, ERIN, &second).await, "another purpose");
    let guesses = ["", "x", &second.as_str().to_uppercase(), &second.as_str()[1..]];
    for guess in guesses {
        assert!(!resets(&db, ERIN, &Code::sent(guess)).await, "{guess}");
    }
    assert!(resets(&db, ERIN, &Code::sent(&format!(" {}\n", second.as_str()))).await);
    assert!(!resets(&db, ERIN, &second).await, "used");

    let code = issued(&db, Purpose::Register).await;
    assert!(!resets(&db, CAROL, &code).await, "another purpose");
    assert!(!registers(&db, "mallory@example.com", &code).await, "another address");
    assert!(registers(&db, CAROL, &code).await);
    assert!(!registers(&db, CAROL, &code).await, "used");
    let tried = 2 * others.len() + guesses.len() + 6;
    println!("summary: codes by e-mail: {tried} used, superseded, foreign and guessed codes refused");
}

/// Where the other purpose would have worked, since the address has got an account meanwhile, or has lost it.
#[tokio::test]
async fn a_code_is_good_for_no_other_purpose() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    let code = issued(&db, Purpose::Register).await;
    file.execute("UPDATE accounts SET email = 'carol@example.com' WHERE id = 'bob'");
    assert!(!resets(&db, CAROL, &code).await);
    let code = issued(&db, Purpose::ResetPassword).await;
    file.execute("DELETE FROM accounts WHERE id = 'erin'");
    assert!(!registers(&db, ERIN, &code).await);
}

#[tokio::test]
async fn the_database_does_not_hold_the_code() {
    let (file, clock) = (File::new(), TestClock::default());
    let code = issued(&file.open(&clock), Purpose::ResetPassword).await;
    let rows = file.text("SELECT group_concat(purpose || address || code_hash || expires_at) FROM codes");
    assert!(rows.contains(ERIN) && !rows.contains(code.as_str()), "{rows}");
    let other = issued(&file.open(&clock), Purpose::ResetPassword).await;
    assert_eq!((code.as_str().len(), code.as_str() == other.as_str()), (43, false), "256 bits");
}

/// Somebody has read the mail, and then the owner changes the password.
#[tokio::test]
async fn a_changed_password_voids_the_code_to_reset_it() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    let (stolen, other) = (issued(&db, Purpose::ResetPassword).await, issued(&db, Purpose::Register).await);
    assert!(db.change_password("erin", "old".to_owned(), "new".to_owned()).await.unwrap().is_some());
    assert!(!resets(&db, ERIN, &stolen).await);
    assert!(registers(&db, CAROL, &other).await, "carol's is another matter");
}

/// It would make somebody who asks for the mail of a stranger the reader of a code for nobody.
#[tokio::test]
async fn a_code_for_nobody_is_good_for_nothing() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    for (purpose, email, is_for) in [
        (Purpose::ResetPassword, CAROL, Owner::Active),
        (Purpose::ResetPassword, "dave@example.com", Owner::Active),
        (Purpose::Register, ERIN, Owner::Nobody),
        (Purpose::Register, "dave@example.com", Owner::Nobody),
    ] {
        let code = random();
        assert_ne!(db.issue_code(purpose, email, code.clone(), is_for).await.unwrap(), is_for);
        for email in [email, ""] {
            assert!(!resets(&db, email, &code).await && !registers(&db, email, &code).await, "{email}");
        }
    }
    assert_eq!(file.text("SELECT count(*) || '' FROM accounts"), "4");
}

/// Over two connections, as of two servers.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_the_same_moment_one_wins() {
    let (file, clock) = (File::new(), TestClock::default());
    let servers = [file.open(&clock), file.open(&clock)];
    for purpose in [Purpose::ResetPassword, Purpose::Register] {
        let code = issued(&servers[0], purpose).await;
        let tasks: Vec<_> = (0..16)
            .map(|number| {
                let (db, code) = (servers[number % 2].clone(), code.clone());
                tokio::spawn(async move {
                    match purpose {
                        Purpose::Register => registers(&db, CAROL, &code).await,
                        Purpose::ResetPassword => resets(&db, ERIN, &code).await,
                    }
                })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            winners += u32::from(task.await.unwrap());
        }
        assert_eq!(winners, 1, "{purpose:?}");
    }
}

#[tokio::test]
async fn whoever_has_left_gets_no_mail_and_stays_out() {
    let mut service = Service::new();
    let dave = "dave@example.com";
    assert!(service.service.forgot_password(HERE, Some(&email(dave))).await.is_ok());
    let code = random();
    let issued = service.service.db.issue_code(Purpose::ResetPassword, dave, code.clone(), Owner::Inactive);
    assert_eq!(issued.await.unwrap(), Owner::Inactive);
    assert!(!resets(&service.service.db, dave, &code).await);
    assert_eq!(service.file.text("SELECT password_hash FROM accounts WHERE id = 'dave'"), "old");
    assert!(service.mails.try_recv().is_err());
}

/// As when the address got its account between the two.
#[tokio::test]
async fn an_address_gets_one_account() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    let code = issued(&db, Purpose::Register).await;
    file.execute("UPDATE accounts SET email = 'carol@example.com' WHERE id = 'bob'");
    assert!(!registers(&db, CAROL, &code).await);
    assert_eq!(file.text("SELECT id FROM accounts WHERE email = 'carol@example.com'"), "bob");
}

#[tokio::test]
async fn a_database_that_fails_half_way_loses_nothing() {
    let (file, clock) = (File::new(), TestClock::default());
    let db = file.open(&clock);
    file.execute(
        "INSERT INTO logins (id, subject, client_id, scopes, began_at, expires_at, current_token)
             VALUES ('1', 'erin', 'web', '', 0, 9e9, 'x')",
    );
    let erin = "SELECT password_hash || tokens_since FROM accounts WHERE id = 'erin'";
    let code = issued(&db, Purpose::ResetPassword).await;
    file.execute("ALTER TABLE logins RENAME TO away");
    assert!(db.reset_password(ERIN, code.clone(), "new".to_owned()).await.is_err());
    assert!(db.change_password("erin", "old".to_owned(), "new".to_owned()).await.is_err());
    assert_eq!(file.text(erin), "old0", "not half of it");
    file.execute("ALTER TABLE away RENAME TO logins");
    let next_second = db.reset_password(ERIN, code, "new".to_owned()).await.unwrap();
    assert_eq!(next_second, Some(("erin".to_owned(), db.now().unwrap() + 1)));
    assert_eq!(file.text(erin), format!("new{}", db.now().unwrap() + 1));
    assert_eq!(file.text("SELECT count(*) || '' FROM logins"), "0");

    let code = issued(&db, Purpose::Register).await;
    file.execute("ALTER TABLE accounts RENAME TO away");
    assert!(db.register(CAROL, code.clone(), "Carol".to_owned(), "hash".to_owned()).await.is_err());
    file.execute("ALTER TABLE away RENAME TO accounts");
    assert!(registers(&db, CAROL, &code).await);
}

/// Counted, not timed: rows that are written, which is what takes time.
#[tokio::test]
async fn whether_there_is_an_account_changes_neither_answer_nor_work() {
    let mut service = Service::new();
    let mut seen = Vec::new();
    for address in [CAROL, ERIN, "dave@example.com"] {
        for _ in 0..2 {
            let before = service.service.db.changes().await;
            let registered = service.service.register(HERE, Some(&email(address))).await.unwrap();
            let between = service.service.db.changes().await;
            let forgotten = service.service.forgot_password(HERE, Some(&email(address))).await;
            let after = service.service.db.changes().await;
            let answers = match (registered, forgotten) {
                (Success::Accepted(one), Ok(Success::Accepted(other))) => (one, other),
                // The fourth mail.
                (Success::Accepted(one), Err(Failure::TooManyAttempts { .. })) => (one, ""),
                answers => panic!("{answers:?}"),
            };
            seen.push((answers, between - before, after - between));
        }
    }
    assert_eq!(&seen[..2], [seen[0], seen[1]]);
    assert_eq!((seen[0].1, seen[0].2, seen[1].1, seen[1].2), (1, 1, 1, 0));
    assert!(seen.chunks(2).all(|two| two == &seen[..2]), "{seen:?}");
    // Carol gets two invitations, erin two reminders and a code, dave two reminders.
    let mut mails = Vec::new();
    for _ in 0..7 {
        mails.push(service.mails.recv().await.unwrap().subject);
    }
    assert!(service.mails.try_recv().is_err());
    assert_eq!(mails.iter().filter(|subject| **subject == "Your new password").count(), 1);
}

#[tokio::test]
async fn guesses_at_codes_count_and_the_right_one_waits() {
    let mut service = Service::new();
    service.service.register(HERE, Some(&email(CAROL))).await.unwrap();
    let code = service.code(CAROL).await;
    for _ in 0..10 {
        let guess = service.service.verify(HERE, Some(&verification(CAROL, "guess", PASSWORD))).await;
        assert_eq!(guess.unwrap_err(), Failure::WrongCode);
    }
    let right = verification(CAROL, &code, PASSWORD);
    let refused = service.service.verify(HERE, Some(&right)).await.unwrap_err();
    assert_eq!(refused, Failure::TooManyAttempts { retry_after: 60 });
    // What is wrong with the form is told all the same, and is no guess.
    let short = service.service.verify(HERE, Some(&verification(CAROL, &code, "short"))).await;
    assert_eq!(short.unwrap_err(), Failure::ShortPassword);
    service.clock.advance(Duration::from_secs(60));
    let common = service.service.verify(HERE, Some(&verification(CAROL, &code, "passwordpassword"))).await;
    assert_eq!(common.unwrap_err(), Failure::CommonPassword);
    assert!(matches!(service.service.verify(HERE, Some(&right)).await.unwrap(), Success::Created(_)));
}

/// Under all names of an account together, and nobody learns that they are of one account.
#[tokio::test]
async fn guesses_at_codes_and_at_passwords_count_together() {
    let mut service = Service::new();
    service.service.forgot_password(HERE, Some(&email(ERIN))).await.unwrap();
    let code = service.code(ERIN).await;
    for _ in 0..10 {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        let form = b"grant_type=password&username=erin&password=guess";
        assert_eq!(service.service.endpoint.answer(headers, Some(form), HERE).await.status(), 400);
    }
    let refused = service.service.reset_password(HERE, Some(&reset(ERIN, &code))).await.unwrap_err();
    assert_eq!(refused, Failure::WrongCode, "as if it were wrong");
    service.clock.advance(Duration::from_secs(60));
    assert!(resets(&service.service.db, ERIN, &Code::sent(&code)).await, "it was not spent");
}

/// Whoever has stolen an access token has no guesses beyond those that everybody has, and locks nobody out.
#[tokio::test]
async fn guesses_at_the_current_password_count_with_those_at_the_login() {
    let [thief, stranger] = [[198, 51, 100, 1], [203, 0, 113, 1]].map(IpAddr::from);
    let service = Service::new();
    // As accounts that were registered here have it: not in lower case.
    let hash = service.service.endpoint.passwords().hash("wonderland").await.unwrap();
    let update = format!("UPDATE accounts SET id = 'R4nd0m', password_hash = '{hash}' WHERE id = 'erin'");
    service.file.execute(&update);
    let erin = service.user(ERIN).await;
    let change = async |from| {
        let form = json!({ "current_password": "guess", "new_password": PASSWORD }).to_string();
        service.service.change_password(&erin, from, Some(form.as_bytes())).await.unwrap_err()
    };
    let log_in = async |name: &str, from| {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        let form = format!("grant_type=password&username={name}&password=guess");
        service.service.endpoint.answer(headers, Some(form.as_bytes()), from).await.status().as_u16()
    };
    service.service.limits.remember("R4nd0m", HERE);
    for _ in 0..5 {
        assert_eq!(change(thief).await, Failure::WrongPassword);
        assert_eq!(log_in("R4nd0m", thief).await, 400);
    }
    assert_eq!(change(thief).await, Failure::TooManyAttempts { retry_after: 60 });
    // Strangers are answered as if the password were wrong.
    let attempt = service.service.limits.login(ERIN, stranger).unwrap();
    assert!(!attempt.for_subject(Some("R4nd0m")).unwrap().may_succeed());
    assert_eq!(change(HERE).await, Failure::WrongPassword, "the owner");
}

/// The thief had the password, so that his network had attempts of its own.
#[tokio::test]
async fn after_a_reset_the_network_of_a_thief_is_that_of_a_stranger() {
    let [thief, stranger] = [[198, 51, 100, 1], [203, 0, 113, 1]].map(IpAddr::from);
    let mut service = Service::new();
    let guess = async |service: &Service, from| {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        let form = b"grant_type=password&username=erin&password=guess";
        service.service.endpoint.answer(headers, Some(form), from).await.status().as_u16()
    };
    service.service.limits.remember("erin", thief);
    for status in [400; 10].into_iter().chain([429]) {
        assert_eq!(guess(&service, stranger).await, status);
    }
    assert_eq!(guess(&service, thief).await, 400, "an attempt of its own");
    service.clock.advance(DAY);
    service.service.forgot_password(HERE, Some(&email(ERIN))).await.unwrap();
    let code = service.code(ERIN).await;
    let reset = service.service.set_password(ERIN, Code::sent(&code), PASSWORD).await;
    assert!(reset.unwrap().is_some());
    service.clock.advance(DAY);
    for status in [400; 10].into_iter().chain([429]) {
        assert_eq!(guess(&service, stranger).await, status);
    }
    assert_eq!(guess(&service, thief).await, 429);
}

/// Where nobody has one, or has left, as where somebody gets it.
#[tokio::test]
async fn nobody_gets_more_than_three_mails_at_once() {
    let service = Service::new();
    for address in [CAROL, ERIN, "dave@example.com"] {
        let ask = async || service.service.forgot_password(HERE, Some(&email(address))).await;
        for _ in 0..3 {
            assert!(ask().await.is_ok());
        }
        assert!(matches!(ask().await, Err(Failure::TooManyAttempts { retry_after: 1..=600 })), "{address}");
    }
}
