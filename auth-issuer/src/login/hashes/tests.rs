//! Hashes that other programs have made.

use std::cell::RefCell;
use std::io;

use super::*;
use crate::login::password_scheme::{PasswordError, PasswordScheme};

/// Of `pässwörd`, by passlib 1.7.4 with bcrypt 4.3 and argon2-cffi 25.1; the one without version by argon2-cffi alone.
const OF_PASSWORD: [&str; 17] = [
    "$argon2i$v=19$m=64,t=1,p=2$7d3735vTOidkjJFyjhEC4A$vealkdpwEu6X97ojx/TW80T/swUDdPpnD7a6aQEUdEo",
    "$argon2d$v=19$m=64,t=1,p=2$CIEwZuz9HyOkVIqx1tp7Lw$B6oS4jTuxh0dmLebIUnd1ww6J1qs4dBDJ/8cXwLwf3Q",
    "$argon2id$v=19$m=64,t=1,p=2$Qei91zoH4BxjrJWS0vq/9w$LM2/cYq0FQ2NrJCZZR81j7/9frYumUdGw7CUmIEiLbc",
    "$argon2i$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$RIdsIzY1RCr2Dz1/5Tj+kfK2bcQizZztDi5XIao8ANY",
    "$2a$04$w3/InXAdp.wmz/y/uP6quel84rt2haz81XJ3bO6Udl0syhfPwHKZ6",
    "$2b$04$NYE/JQC02ir7vy7lXzbLA.vR0yjwtgky8ocsCTp.H7AFKR3A0Erga",
    "$2y$04$el3yLMI9UCHyFYy.Cj/OY.MLcinZd2lFPRvl.fYOSAgD8q7dLk2Au",
    "$pbkdf2$10$yXlPae19L4WwNua8N8Y4Bw$jD30zftnI1TAdUIQetJCEOfvvGU",
    "$pbkdf2$10$$/Paj9ESm8rUv/7hQr12d/IJjdSI",
    "$pbkdf2-sha256$10$tpYSglAKQWjtXcsZw9ib8w$ZGjg90wPAgp8NOcAIhnPQSFv0pZxc4ZP09pW112urpk",
    "$pbkdf2-sha256$10$$6/XbcF6v7TVv4xQHbOBJ8jQeEptm67z7WdqkS.GHXBI",
    "$pbkdf2-sha512$10$wxhDyJkT4pyTslbqPef8/w$.ZuGB2RqCM276kSTLVziWTFH3JI93E3sbYrXjTeQxsEiwhNp6igvWcX8cAigkH4beUEZAHwff58RS0dnoDrU1Q",
    "$pbkdf2-sha512$10$$mzejPAaPuGHKETZ2OYCn/Y8Ui6Cbgr4awyGs3s/XEwgK.GLR1O/8B3tmD.dVwBy.ebkpAlRQKMTTOfXhJUs0SA",
    "pbkdf2_sha256$10$7DIzN3XIOuPB$yoS5KjOIuG4/KbYoLXkIzBnnKvrp5Xy/AZMjgMmMTeI=",
    "pbkdf2_sha1$10$RQhHR3tJZ2aa$omc7yLkWMz+lbz0SOzb+Rrm+leY=",
    "$scrypt$ln=4,r=2,p=1$lvIeQ4jxnlNqrXUupbR2zg$crwOy5pefTw469FNabEDl52gLClDdT5YU+l2l2Njzu8",
    "$scrypt$ln=5,r=8,p=3$7x0DYOwd41wLwZhzbq2V8g$cQXjqE7yRqSehJUCdNKbv5pREIJGNmfo0b1QUBx+MVA",
];

/// The schemes that this build has, for cheap hashes.
fn schemes() -> Vec<Box<dyn PasswordScheme>> {
    vec![
        Box::new(Argon2Hashes::up_to(64, 1, 2).unwrap()),
        #[cfg(feature = "bcrypt")]
        Box::new(BcryptHashes::up_to(4).unwrap()),
        #[cfg(feature = "pbkdf2")]
        Box::new(Pbkdf2Hashes::sha1_up_to(10).unwrap()),
        #[cfg(feature = "pbkdf2")]
        Box::new(Pbkdf2Hashes::sha256_up_to(10).unwrap()),
        #[cfg(feature = "pbkdf2")]
        Box::new(Pbkdf2Hashes::sha512_up_to(10).unwrap()),
        #[cfg(feature = "scrypt")]
        Box::new(ScryptHashes::up_to(4, 2, 1).unwrap()),
    ]
}

/// Those of [`OF_PASSWORD`] that this build can read.
pub(in crate::login) fn readable() -> Vec<&'static str> {
    let schemes = schemes();
    let is_readable = |stored: &&str| schemes.iter().any(|scheme| scheme.recognizes(stored));
    let readable: Vec<_> = OF_PASSWORD.into_iter().filter(is_readable).collect();
    assert!(schemes.len() < 6 || readable == OF_PASSWORD, "with all features, all");
    readable
}

/// Verifies by the only scheme that recognizes the hash.
fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let schemes = schemes();
    let mut owners = schemes.iter().filter(|scheme| scheme.recognizes(stored));
    let outcome = owners.next().map(|owner| owner.verify(password.as_bytes(), stored));
    assert!(owners.next().is_none(), "{stored}");
    outcome.unwrap_or(Err(PasswordError::NotAHash))
}

#[test]
fn hashes_of_other_programs_are_verified() {
    for stored in readable() {
        assert_eq!(verify("pässwörd", stored), Ok(true), "{stored}");
        for wrong in ["passwörd", "", "pässwörd ", "pässwör", "\0pässwörd"] {
            assert_eq!(verify(wrong, stored), Ok(false), "{stored}");
        }
    }
}

/// HMAC fills a short key with zeros. Such a password is no reason to store another hash.
#[test]
fn nul_at_the_end_is_not_compared_by_hmac() {
    for stored in readable() {
        let schemes = schemes();
        let owner = schemes.iter().find(|scheme| scheme.recognizes(stored)).unwrap();
        let is_right = owner.verify("pässwörd\0".as_bytes(), stored).unwrap();
        let is_by_hmac = owner.name().starts_with("pbkdf2") || owner.name() == "scrypt";
        assert_eq!(is_right, is_by_hmac, "{stored}");
        assert_eq!(owner.compares_all_of("pässwörd\0".as_bytes()), !is_by_hmac, "{stored}");
        assert!(owner.compares_all_of("pässwörd".as_bytes()), "{stored}");
    }
}

/// Every character of salt and digest counts, but for bits that stand for nothing.
#[test]
fn a_hash_that_was_changed_matches_no_more() {
    for stored in readable() {
        let from = stored.rfind('$').unwrap().saturating_sub(10);
        // The last character of a salt of bcrypt has four bits that stand for nothing.
        let passed_over = if stored.starts_with("$2") { 28 } else { 0 };
        for place in (from..stored.trim_end_matches('=').len() - 1).filter(|place| *place != passed_over) {
            let other = if &stored[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &stored[..place], &stored[place + 1..]);
            assert_ne!(verify("pässwörd", &changed), Ok(true), "{changed}");
        }
    }
}

#[test]
fn a_hash_that_was_cut_is_none() {
    for stored in readable() {
        for end in 0..stored.len() {
            let outcome = verify("pässwörd", &stored[..end]);
            assert!(
                matches!(outcome, Ok(false) | Err(PasswordError::NotAHash)),
                "{outcome:?} {}",
                &stored[..end]
            );
        }
        let outcome = verify("pässwörd", &format!("{stored}A"));
        assert!(matches!(outcome, Ok(false) | Err(PasswordError::NotAHash)), "{outcome:?} {stored}A");
    }
}

#[test]
fn no_text_makes_a_scheme_panic() {
    for stored in readable() {
        for (place, _) in stored.char_indices() {
            for other in ["☃", "\0", " ", "$", "-", "=", "9", ""] {
                let (before, after) = stored.split_at(place);
                for text in [format!("{before}{other}{after}"), format!("{before}{other}{}", &after[1..])] {
                    // Of some, bits were changed that stand for nothing.
                    let is_told =
                        [Ok(true), Ok(false), Err(PasswordError::NotAHash), Err(PasswordError::TooExpensive)];
                    assert!(is_told.contains(&verify("pässwörd", &text)), "{text}");
                }
            }
        }
    }
}

thread_local! {
    /// Of the test that runs in this thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// It takes longer than the work that all logins do, and says so; it says nothing of the hash.
#[test]
fn the_log_tells_of_a_hash_that_costs_more_than_expected() {
    // For the whole process: of one that is set for a thread, tracing may not know yet that it wants this event, if another
    // test comes by it first.
    tracing_subscriber::fmt().with_writer(|| Log).init();
    for passes in [1, 2] {
        let tail = "m=64,t=1,p=1$QGjN+T9nzFlLiTGmdK41Bg$sdy/0Yl0i5HXyNZVabSJZsrn70wSgWG9VbmGu/Lfh2Y";
        let stored = format!("$argon2id$v=19${}", tail.replace("t=1", &format!("t={passes}")));
        assert_eq!(verify("hunter2", &stored), Ok(false));
    }
    let log = String::from_utf8(LOG.take()).unwrap();
    assert_eq!(log.matches("raise the cost that the scheme accepts hashes up to").count(), 1, "{log}");
    assert!(!log.contains("hunter2") && !log.contains("QGjN"), "{log}");
}

fn is_refused(error: PasswordError, hashes: &[&str]) {
    for stored in hashes {
        assert_eq!(verify("x", stored), Err(error), "{stored}");
    }
}

#[test]
fn the_cost_of_argon2_is_bounded() {
    let tail = "$QGjN+T9nzFlLiTGmdK41Bg$sdy/0Yl0i5HXyNZVabSJZsrn70wSgWG9VbmGu/Lfh2Y";
    for params in ["m=262145,t=1,p=1", "m=64,t=16385,p=1", "m=520,t=1,p=65", "m=4294967295,t=4294967295,p=1"]
    {
        is_refused(PasswordError::TooExpensive, &[&format!("$argon2id$v=19${params}{tail}")]);
    }
    assert_eq!(verify("x", &format!("$argon2id$v=19$m=64,t=16,p=1{tail}")), Ok(false), "dearer, and bounded");
    assert_eq!(verify("x", &format!("$argon2id$v=19$m=512,t=1,p=64{tail}")), Ok(false));
    for params in ["m=7,t=1,p=1", "m=64,t=0,p=1", "m=64,t=1,p=0", "m=64,t=1,p=9", "m=-1,t=1,p=1", "m=64,x=1"]
    {
        is_refused(PasswordError::NotAHash, &[&format!("$argon2id$v=19${params}{tail}")]);
    }
    for (memory, passes, lanes) in
        [(262_145, 1, 1), (262_144, 5, 1), (520, 1, 65), (7, 1, 1), (64, 0, 1), (64, 1, 0)]
    {
        assert!(Argon2Hashes::up_to(memory, passes, lanes).is_err());
    }
    assert!(Argon2Hashes::up_to(262_144, 4, 64).is_ok());
}

#[cfg(feature = "bcrypt")]
#[test]
fn the_cost_of_bcrypt_is_bounded() {
    let tail = "NYE/JQC02ir7vy7lXzbLA.vR0yjwtgky8ocsCTp.H7AFKR3A0Erga";
    for cost in ["17", "31", "32", "99"] {
        is_refused(PasswordError::TooExpensive, &[&format!("$2b${cost}${tail}")]);
    }
    for cost in ["03", "00", "4", "-4", "+4", "004", "", "0x4"] {
        is_refused(PasswordError::NotAHash, &[&format!("$2b${cost}${tail}")]);
    }
    assert_eq!(verify("x", &format!("$2b$05${tail}")), Ok(false));
    is_refused(PasswordError::NotAHash, &[&format!("$2x$04${tail}"), &format!("$2$04${tail}")]);
    assert!(BcryptHashes::up_to(3).is_err() && BcryptHashes::up_to(17).is_err());
    assert!(BcryptHashes::up_to(16).is_ok());
    let refused = BcryptHashes::up_to(17).unwrap_err().to_string();
    assert_eq!(refused, "hashes of bcrypt are accepted with a cost of 4 to 16");
}

/// As passlib 1.7.4 with bcrypt 4.3 verifies them, but for NUL, which passlib refuses and bcrypt does not.
#[cfg(feature = "bcrypt")]
#[test]
fn bcrypt_looks_at_72_bytes_and_at_no_nul() {
    let longer = |length: usize| "x".repeat(length);
    let of_72 = "$2b$04$9DmE4fmUhkoWr0YLBN8KMuY6Ylps6lnYS09J7Yj1S2z5Yo5PnJ6Xu";
    let of_71 = "$2b$04$daRxK9pNbB.2Vwy/RBtggOxD71OPEJumqNiyZWm44vtZ121HFOwRy";
    let of_more = "$2b$04$GuXDta9V2fMVFTJmaUkT5ujHqwZefpJLn2fLWJooQNFbZyAhvTn1e"; // "yz" after 72
    let of_none = "$2b$04$7mU98Ma3zmZxLGZRfm49S./a6dN86ZboYiCjnidQhiaFJrGCY32j.";
    for stored in [of_72, of_more] {
        for (password, is_right) in [
            (longer(72), true),
            (longer(72) + "yz", true),
            (longer(72) + "other", true),
            (longer(5000), true),
            (longer(71), false),
            (longer(71) + "y", false),
        ] {
            assert_eq!(verify(&password, stored), Ok(is_right), "{password}");
        }
    }
    assert_eq!(verify(&longer(71), of_71), Ok(true));
    assert_eq!(verify(&longer(72), of_71), Ok(false));
    assert_eq!(verify("", of_none), Ok(true));
    let of_a = "$2b$04$abcdefghijklmnopqrstuu";
    let of_a = format!("{of_a}{}", digest_of_a());
    assert_eq!(verify("a", &of_a), Ok(true));
    for with_nul in ["a\0a", "a\0", "a\0b", "\0", "\0a"] {
        assert_eq!(verify(with_nul, &of_a), Ok(false), "{with_nul:?}");
        assert_eq!(verify(with_nul, of_none), Ok(false), "{with_nul:?}");
    }
}

#[cfg(feature = "bcrypt")]
fn digest_of_a() -> &'static str {
    "MFdJu9yVgmagVAIC24fOZkaFqd3s9JC"
}

#[cfg(feature = "pbkdf2")]
#[test]
fn the_rounds_of_pbkdf2_are_bounded() {
    let tail = "tpYSglAKQWjtXcsZw9ib8w$ZGjg90wPAgp8NOcAIhnPQSFv0pZxc4ZP09pW112urpk";
    let django = "salt$yoS5KjOIuG4/KbYoLXkIzBnnKvrp5Xy/AZMjgMmMTeI=";
    for rounds in ["4000001", "4294967296", "99999999999999999999999999"] {
        let [passlib, django] =
            [format!("$pbkdf2-sha256${rounds}${tail}"), format!("pbkdf2_sha256${rounds}${django}")];
        is_refused(PasswordError::TooExpensive, &[&passlib, &django]);
    }
    for rounds in ["0", "", "-1", "+1", "1e3", "i=10"] {
        is_refused(PasswordError::NotAHash, &[&format!("$pbkdf2-sha256${rounds}${tail}")]);
    }
    assert_eq!(verify("x", &format!("$pbkdf2-sha256$11${tail}")), Ok(false));
    is_refused(
        PasswordError::NotAHash,
        &[
            &format!("$pbkdf2-sha512$10${tail}"),
            &format!("$pbkdf2$10${tail}"),
            &format!("pbkdf2_sha512$10${django}"),
            "$pbkdf2-sha256$10$!$ZGjg90wPAgp8NOcAIhnPQSFv0pZxc4ZP09pW112urpk",
        ],
    );
    assert!(Pbkdf2Hashes::sha256_up_to(0).is_err() && Pbkdf2Hashes::sha512_up_to(4_000_001).is_err());
    assert!(Pbkdf2Hashes::sha1_up_to(4_000_000).is_ok());
}

#[cfg(feature = "scrypt")]
#[test]
fn the_cost_of_scrypt_is_bounded() {
    let tail = "$lvIeQ4jxnlNqrXUupbR2zg$crwOy5pefTw469FNabEDl52gLClDdT5YU+l2l2Njzu8";
    for costs in [
        "ln=19,r=8,p=1",
        "ln=18,r=8,p=5",
        "ln=4,r=33,p=1",
        "ln=4,r=8,p=17",
        "ln=63,r=1,p=1",
        "ln=1,r=4294967295,p=4294967295",
    ] {
        is_refused(PasswordError::TooExpensive, &[&format!("$scrypt${costs}{tail}")]);
    }
    for costs in [
        "ln=0,r=8,p=1",
        "ln=64,r=8,p=1",
        "ln=4,r=0,p=1",
        "ln=4,r=8,p=0",
        "ln=4,r=8",
        "r=8,ln=4,p=1",
        "ln=4,r=8,p=1,x=1",
        "ln=-4,r=8,p=1",
        "",
    ] {
        is_refused(PasswordError::NotAHash, &[&format!("$scrypt${costs}{tail}")]);
    }
    assert_eq!(verify("x", &format!("$scrypt$ln=5,r=8,p=2{tail}")), Ok(false));
    for (log_n, r, p) in [(19, 8, 1), (18, 8, 5), (0, 8, 1), (4, 0, 1), (4, 8, 0), (64, 1, 1)] {
        assert!(ScryptHashes::up_to(log_n, r, p).is_err());
    }
    assert!(ScryptHashes::up_to(18, 8, 4).is_ok());
}
