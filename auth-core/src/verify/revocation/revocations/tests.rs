use std::sync::Mutex;

use super::*;

/// A clock that a test moves.
#[derive(Clone, Debug)]
struct At(Arc<Mutex<Option<u64>>>);

impl At {
    fn new(now: u64) -> Self {
        Self(Arc::new(Mutex::new(Some(now))))
    }

    fn set(&self, now: impl Into<Option<u64>>) {
        *self.0.lock().unwrap() = now.into();
    }
}

impl Clock for At {
    fn now(&self) -> Option<u64> {
        *self.0.lock().unwrap()
    }
}

const NOW: u64 = 1_000_000;
const HOUR: u64 = 3600;

fn builder(clock: &At, on_outage: OnOutage) -> RevocationsBuilder {
    Revocations::builder(Duration::from_secs(HOUR), on_outage).clock(clock.clone())
}

fn token(claims: serde_json::Value) -> VerifiedToken {
    VerifiedToken::assert_verified(claims).unwrap()
}

fn alice() -> VerifiedToken {
    token(
        serde_json::json!({ "iss": "i", "sub": "alice", "jti": "j", "sid": "s", "iat": NOW, "exp": NOW + HOUR }),
    )
}

fn error(revocations: &Revocations, token: &VerifiedToken) -> Option<VerifyError> {
    revocations.check(token).err().map(VerifyFailure::into_error)
}

#[test]
fn each_kind_of_revocation_refuses_what_it_names_and_its_near_twins_are_accepted() {
    type Revoke = fn(&Revocations) -> Result<(), NotRecorded>;
    let kinds: [(&str, Revoke); 4] = [
        ("token", |revocations| revocations.revoke_token(&alice())),
        ("token id", |revocations| revocations.revoke_token_id("i", "j", NOW + HOUR)),
        ("subject", |revocations| revocations.revoke_subject("i", "alice", NOW + 1)),
        ("session", |revocations| revocations.revoke_session("i", "s")),
    ];
    for (kind, revoke) in kinds {
        let revocations = builder(&At::new(NOW), OnOutage::Refuse).build();
        assert_eq!(error(&revocations, &alice()), None);
        revoke(&revocations).unwrap();
        assert_eq!(error(&revocations, &alice()), Some(VerifyError::Revoked), "{kind}");
        assert_eq!(error(&revocations.clone(), &alice()), Some(VerifyError::Revoked), "clones share");
        for (member, twin) in [("iss", "I"), ("iss", "i/"), ("sub", "Alice"), ("jti", "J"), ("sid", "S")] {
            let mut claims =
                serde_json::json!({ "iss": "i", "sub": "alice", "jti": "j", "sid": "s", "iat": NOW });
            claims[member] = twin.into();
            let is_about = match kind {
                "subject" => "sub",
                "session" => "sid",
                _ => "jti",
            };
            let is_same = member != "iss" && member != is_about;
            let expected = is_same.then_some(VerifyError::Revoked);
            assert_eq!(error(&revocations, &token(claims)), expected, "{kind}: {member} {twin}");
        }
    }
}

#[test]
fn a_subject_is_revoked_up_to_a_moment() {
    let revocations = builder(&At::new(NOW), OnOutage::Refuse).build();
    revocations.revoke_subject("i", "alice", NOW).unwrap();
    // An earlier moment takes nothing back.
    revocations.revoke_subject("i", "alice", NOW - 9).unwrap();
    for (issued_at, is_revoked) in [
        (serde_json::json!(NOW - 1), true),
        (serde_json::json!(NOW), false),
        (serde_json::json!(NOW + 1), false),
        (serde_json::Value::Null, true),
    ] {
        let mut claims = serde_json::json!({ "iss": "i", "sub": "alice" });
        if !issued_at.is_null() {
            claims["iat"] = issued_at.clone();
        }
        let expected = is_revoked.then_some(VerifyError::Revoked);
        assert_eq!(error(&revocations, &token(claims)), expected, "{issued_at}");
    }
}

#[test]
fn what_cannot_be_told_of_a_session_is_refused() {
    let revocations = builder(&At::new(NOW), OnOutage::Refuse).build();
    let with = |sid: serde_json::Value| token(serde_json::json!({ "iss": "i", "sub": "alice", "sid": sid }));
    let strange = [serde_json::json!(7), serde_json::json!(["s"]), serde_json::json!({})];
    for sid in &strange {
        assert_eq!(error(&revocations, &with(sid.clone())), None, "nothing was revoked");
    }
    revocations.revoke_session("i", "s\u{e9}\n").unwrap();
    for sid in strange {
        assert_eq!(error(&revocations, &with(sid.clone())), Some(VerifyError::Revoked), "{sid}");
    }
    assert_eq!(error(&revocations, &with("s\u{e9}\n".into())), Some(VerifyError::Revoked), "with an escape");
    assert_eq!(error(&revocations, &with(serde_json::Value::Null)), None);
    assert_eq!(error(&revocations, &token(serde_json::json!({ "iss": "i", "sub": "alice" }))), None);
}

#[test]
fn a_token_without_what_is_revoked_by_is_an_error() {
    let revocations = builder(&At::new(NOW), OnOutage::Refuse).build();
    let nameless = token(serde_json::json!({ "iss": "i", "sub": "alice" }));
    assert_eq!(revocations.revoke_token(&nameless), Err(NotRecorded::NoTokenId));
    let without_issuer = token(serde_json::json!({ "sub": "alice", "jti": "j" }));
    revocations.revoke_token(&without_issuer).unwrap();
    assert_eq!(error(&revocations, &without_issuer), Some(VerifyError::Revoked));
    assert_eq!(error(&revocations, &alice()), None);
}

#[test]
fn entries_make_room_only_when_their_tokens_have_ended() {
    let clock = At::new(NOW);
    let one = NonZeroUsize::new(1).unwrap();
    let revocations =
        builder(&clock, OnOutage::Refuse).leeway(Duration::from_secs(30)).max_entries(one).build();
    revocations.revoke_token(&alice()).unwrap();
    clock.set(NOW + HOUR + 29);
    assert_eq!(error(&revocations, &alice()), Some(VerifyError::Revoked));
    assert_eq!(revocations.revoke_session("i", "t"), Err(NotRecorded::Full { max_entries: 1 }));
    clock.set(NOW + HOUR + 30);
    revocations.revoke_session("i", "t").unwrap();
    assert_eq!(format!("{revocations:?}"), "Revocations { entries: 1, .. }");
}

#[test]
fn a_revocation_without_room_makes_the_choice_count_until_it_ends() {
    for (on_outage, refused) in [
        (OnOutage::Refuse, Some(VerifyError::Unavailable { retry_after: Some(RETRY_AFTER) })),
        (OnOutage::Accept, None),
    ] {
        let clock = At::new(NOW);
        let one = NonZeroUsize::new(1).unwrap();
        let revocations = builder(&clock, on_outage).leeway(Duration::ZERO).max_entries(one).build();
        let bob = token(serde_json::json!({ "iss": "i", "sub": "bob", "jti": "b", "iat": NOW }));
        revocations.revoke_token(&alice()).unwrap();
        assert_eq!(error(&revocations, &bob), None);
        assert!(revocations.is_complete());
        assert!(revocations.revoke_token_id("i", "b", NOW + 100).is_err());
        assert!(!revocations.is_complete());
        assert_eq!(error(&revocations, &bob), refused);
        assert_eq!(error(&revocations, &alice()), Some(VerifyError::Revoked), "what is known counts");
        clock.set(NOW + 99);
        assert_eq!(error(&revocations, &bob), refused);
        clock.set(NOW + 100);
        assert_eq!(error(&revocations, &bob), None);
        assert!(revocations.is_complete());
    }
}

#[test]
fn knowledge_that_is_too_old_makes_the_choice_count() {
    for (on_outage, refused) in [
        (OnOutage::Refuse, Some(VerifyError::Unavailable { retry_after: Some(RETRY_AFTER) })),
        (OnOutage::Accept, None),
    ] {
        let clock = At::new(NOW);
        let revocations = builder(&clock, on_outage).max_lag(Duration::from_secs(5)).build();
        assert_eq!(error(&revocations, &alice()), refused, "nothing was loaded yet");
        assert!(!revocations.is_complete());
        revocations.known_until(NOW);
        for (now, is_known) in [(NOW, true), (NOW + 5, true), (NOW + 6, false)] {
            clock.set(now);
            assert_eq!(error(&revocations, &alice()), refused.clone().filter(|_| !is_known), "{now}");
            assert_eq!(revocations.is_complete(), is_known);
        }
        revocations.known_until(NOW - 1);
        assert_eq!(error(&revocations, &alice()), refused, "an earlier moment changes nothing");
        revocations.revoke_token(&alice()).unwrap();
        assert_eq!(error(&revocations, &alice()), Some(VerifyError::Revoked), "what is known counts");
        clock.set(None);
        let bob = token(serde_json::json!({ "iss": "i", "sub": "bob" }));
        assert_eq!(error(&revocations, &bob), refused, "without the time");
        assert_eq!(revocations.revoke_session("i", "t"), Err(NotRecorded::NoTime));
    }
}
