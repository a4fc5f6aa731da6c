//! A hundred rotations while tokens are in use: the token of a published key is never refused after the fetch that could
//! have seen it, and that of a withdrawn key never accepted after it.

use std::time::Duration;

use auth_core::VerifyError;
use auth_testing::TestIssuer;

use crate::service::{Service, minutes, seconds};

const ROTATIONS: u32 = 100;

/// The answers that were looked at.
#[derive(Default)]
struct Answers(usize);

impl Answers {
    /// Looks at a token that is new, and at one that was seen before.
    async fn look(&mut self, service: &Service, signer: &Signer, is_known: bool, told: &str) {
        let expected = if is_known { Ok("alice".to_owned()) } else { Err(VerifyError::UnknownKey) };
        for token in [&signer.issuer.good("alice"), &signer.seen_before] {
            assert_eq!(service.verdict(token).await, expected, "{told}");
            self.0 += 1;
        }
    }
}

struct Signer {
    issuer: TestIssuer,
    kid: String,
    seen_before: String,
}

impl Signer {
    fn of(service: &Service) -> Self {
        let issuer = service.provider.signer();
        let seen_before = issuer.token("alice").lifetime(minutes(60)).sign();
        Self { issuer, kid: service.provider.kid(), seen_before }
    }
}

/// As a provider does it that publishes a key ten minutes before it signs by it.
#[tokio::test]
async fn a_hundred_rotations_with_overlap() {
    const STEP: Duration = seconds(30);
    let service = Service::start().await;
    let mut answers = Answers::default();
    for round in 0..ROTATIONS {
        let old = Signer::of(&service);
        service.provider.publish_next();
        for _ in 0..20 {
            answers.look(&service, &old, true, &format!("{round}: published")).await;
            service.pass(STEP).await;
        }
        service.provider.rotate();
        let new = Signer::of(&service);
        let signed_at = service.fetches();
        for _ in 0..10 {
            answers.look(&service, &old, true, &format!("{round}: signs no more")).await;
            answers.look(&service, &new, true, &format!("{round}: signs now")).await;
            service.pass(STEP).await;
        }
        assert!(service.fetches() <= signed_at + 1, "{round}: no token brings about a fetch");

        service.provider.withdraw(&old.kid);
        let (withdrawn_at, fetched) = (service.clock.elapsed(), service.fetches());
        // Without the first look after the withdrawal, which would ask for the keys once the old one is not known.
        while service.fetches() == fetched {
            answers.look(&service, &old, true, &format!("{round}: withdrawn, and not fetched yet")).await;
            answers.look(&service, &new, true, &format!("{round}: the only one")).await;
            service.pass(STEP).await;
        }
        let bound = service.clock.elapsed() - withdrawn_at;
        assert!(bound <= minutes(9), "{round}: {bound:?}");
        answers.look(&service, &old, false, &format!("{round}: withdrawn")).await;
        answers.look(&service, &new, true, &format!("{round}: the only one")).await;
    }
    assert_eq!(service.verifier.stats().failures, 0);
    assert_eq!(service.verifier.stats().key_changes, 1 + 2 * u64::from(ROTATIONS));
    println!("summary: sockets: {ROTATIONS} rotations with overlap, {} answers, 0 wrong", answers.0);
}

/// As a provider does it whose key has leaked.
#[tokio::test]
async fn a_hundred_rotations_without_overlap() {
    let service = Service::start().await;
    let mut answers = Answers::default();
    for round in 0..ROTATIONS {
        // At all times since the last attempt.
        service.pass(seconds(u64::from(round) * 7 % 41)).await;
        let old = Signer::of(&service);
        answers.look(&service, &old, true, &format!("{round}: before")).await;
        let fetched = service.fetches();
        service.provider.rotate_at_once();
        let new = Signer::of(&service);
        let rotated_at = service.clock.elapsed();
        while service.fetches() == fetched {
            answers.look(&service, &old, true, &format!("{round}: not fetched yet")).await;
            let verdict = service.verdict(&new.issuer.good("alice")).await;
            answers.0 += 1;
            if service.fetches() > fetched {
                assert_eq!(verdict, Ok("alice".to_owned()), "{round}: it has waited for the fetch");
                break;
            }
            assert_eq!(verdict, Err(VerifyError::UnknownKey), "{round}: not fetched yet");
            service.pass(seconds(1)).await;
        }
        let bound = service.clock.elapsed() - rotated_at;
        assert!(bound <= seconds(30), "{round}: {bound:?}");
        answers.look(&service, &new, true, &format!("{round}: after")).await;
        answers.look(&service, &old, false, &format!("{round}: withdrawn")).await;
    }
    assert_eq!(service.verifier.stats().failures, 0);
    assert_eq!(service.verifier.stats().key_changes, 1 + u64::from(ROTATIONS));
    println!("summary: sockets: {ROTATIONS} rotations without overlap, {} answers, 0 wrong", answers.0);
}
