//! An issuer that answers 503 for a while.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auth_core::{TokenVerifier as _, VerifyError};

use crate::issuer::{Issuer, good_tokens};
use crate::{Proof, Scale};

/// For how long an answer counts.
const FRESH: Duration = Duration::from_secs(60);

/// The time that a question may take beside.
const SLACK: Duration = Duration::from_secs(2);

pub(crate) async fn prove(scale: Scale) -> Proof {
    let issuer = Issuer::start().await;
    let known = good_tokens(20);
    let started = Instant::now();
    for token in &known {
        issuer.verifier.verify(token).await.unwrap();
    }
    let last_asked = Instant::now();
    let _ = issuer.verifier.verify("bad_known").await;
    issuer.counts.is_down.store(true, Ordering::SeqCst);
    let (mut served, mut told, mut wrong, mut number) = (0, 0, 0, 0);
    let start = Instant::now();
    while start.elapsed() < scale.outage + Duration::from_secs(3) {
        for token in &known {
            let (asked_at, verdict) = (Instant::now(), issuer.verifier.verify(token).await);
            match verdict.map_err(auth_core::VerifyFailure::into_error) {
                Ok(_) if asked_at - last_asked < FRESH => served += 1,
                Err(VerifyError::Unavailable { retry_after: Some(_) })
                    if started.elapsed() + SLACK > FRESH =>
                {
                    told += 1;
                }
                _ => wrong += 1,
            }
        }
        for token in [format!("good_unknown{number}"), format!("bad_unknown{number}")] {
            match issuer.verifier.verify(&token).await.map_err(auth_core::VerifyFailure::into_error) {
                Err(VerifyError::Unavailable { retry_after: Some(_) }) => told += 1,
                _ => wrong += 1,
            }
        }
        match issuer.verifier.verify("bad_known").await.map_err(auth_core::VerifyFailure::into_error) {
            Err(VerifyError::UnknownToken) if start.elapsed() < Duration::from_secs(12) => {}
            Err(VerifyError::Unavailable { retry_after: Some(_) }) => {}
            _ => wrong += 1,
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let lasted = start.elapsed();
    issuer.counts.is_down.store(false, Ordering::SeqCst);
    let mut recovered = 0;
    for token in known.iter().chain([&"good_unknown0".to_owned()]) {
        recovered += usize::from(issuer.verifier.verify(token).await.is_ok());
    }
    let is_refused = issuer.verifier.verify("bad_unknown0").await.is_err();
    Proof {
        holds: wrong == 0 && served > 0 && told > 0 && recovered == known.len() + 1 && is_refused,
        figures: format!(
            "{:.0} s: known tokens served {served} times while their answers counted, 503 with Retry-After {told} times, \
             {wrong} wrong answers; {recovered} of {} served at once afterwards",
            lasted.as_secs_f64(),
            known.len() + 1
        ),
    }
}
