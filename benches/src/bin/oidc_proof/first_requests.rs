//! Ten thousand requests at once, before there are keys.

use std::time::{Duration, Instant};

use auth_core::{TokenVerifier as _, VerifyError, VerifyFailure};
use auth_testing::{Behavior, Endpoint, TestIdentityProvider};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::service::{oidc, until};
use crate::{Proof, Scale};

const REQUESTS: usize = 10_000;
const WAIT: usize = 1_024;

/// Longer than any machine is busy.
const SILENCE: Duration = Duration::from_secs(10);

/// Each is a task of a runtime of its own. The provider answers once all are there: those that wait are let in, the others
/// have been answered 503 by then.
pub(crate) fn one_fetch(runtime: &Runtime, _: &Scale) -> Proof {
    let provider = TestIdentityProvider::start();
    let clock = provider.clock();
    provider.behave(Endpoint::Keys, Behavior::Delay(Duration::from_secs(1)));
    let (verifier, driver) = oidc(&provider).clock(clock.clone()).connect_with_driver().unwrap();
    let driver = runtime.spawn(driver);
    let token = provider.token("alice").sign();
    let tasks = Builder::new_multi_thread().enable_time().build().unwrap();
    let start = Instant::now();
    let (let_in, told_to_retry) = tasks.block_on(async {
        let mut requests = JoinSet::new();
        for _ in 0..REQUESTS {
            let (verifier, token) = (verifier.clone(), token.clone());
            requests.spawn(async move {
                verifier.verify(&token).await.map(|_| ()).map_err(VerifyFailure::into_error)
            });
        }
        let (mut let_in, mut told_to_retry) = (0, 0);
        loop {
            // If it is silent while too many wait, that is seen in the figures.
            let Ok(outcome) = timeout(SILENCE, requests.join_next()).await else {
                clock.advance(Duration::from_secs(1));
                continue;
            };
            match outcome {
                None => break,
                Some(Ok(Ok(()))) => let_in += 1,
                Some(Ok(Err(VerifyError::Unavailable { retry_after: Some(_) }))) => told_to_retry += 1,
                Some(_) => {}
            }
            if let_in + told_to_retry == REQUESTS - WAIT {
                until(|| provider.requests(Endpoint::Keys) == 1);
                clock.advance(Duration::from_secs(1));
            }
        }
        (let_in, told_to_retry)
    });
    let time = start.elapsed();
    let fetches = provider.requests(Endpoint::Keys);
    driver.abort();
    Proof {
        holds: (let_in, told_to_retry, fetches) == (WAIT, REQUESTS - WAIT, 1),
        figures: format!(
            "{REQUESTS} in {} ms: {fetches} fetch, {let_in} waited for it and were let in, {told_to_retry} were answered 503",
            time.as_millis()
        ),
    }
}
