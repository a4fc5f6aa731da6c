//! Distinct bad tokens, as fast as they can be sent, while good ones come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use auth_core::{TokenVerifier as _, VerifyError};

use crate::issuer::{Issuer, good_tokens};
use crate::{Proof, Scale};

/// The most questions that are under way.
const BOUND: usize = 64;

/// So many clients flood.
const CLIENTS: usize = 200;

/// More than are kept in the cache of refused tokens.
const LEAST_REFUSED: usize = 10_001;

pub(crate) async fn prove(scale: Scale) -> Proof {
    let issuer = Arc::new(Issuer::start().await);
    let good = good_tokens(50);
    for token in &good {
        issuer.verifier.verify(token).await.unwrap();
    }
    let before = issuer.asked();
    let (next, refused, busy, wrong) =
        (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let counts = Arc::new((next, refused, busy, wrong));
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (issuer, counts) = (issuer.clone(), counts.clone());
            tokio::spawn(async move {
                let (next, refused, busy, wrong) = &*counts;
                while start.elapsed() < scale.flood || refused.load(Ordering::SeqCst) < LEAST_REFUSED {
                    let token = format!("bad_{:038}", next.fetch_add(1, Ordering::SeqCst));
                    let verdict = issuer.verifier.verify(&token).await;
                    match verdict.map_err(auth_core::VerifyFailure::into_error) {
                        Err(VerifyError::UnknownToken) => refused.fetch_add(1, Ordering::SeqCst),
                        Err(VerifyError::Unavailable { retry_after: Some(_) }) => {
                            // As the answer demands, though sooner.
                            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                            busy.fetch_add(1, Ordering::SeqCst)
                        }
                        _ => wrong.fetch_add(1, Ordering::SeqCst),
                    };
                    if start.elapsed() > scale.flood * 3 {
                        break;
                    }
                }
            })
        })
        .collect();
    let (mut good_answers, mut evicted) = (0, 0);
    let mut round = 0;
    while clients.iter().any(|client| !client.is_finished()) {
        for token in &good {
            match issuer.verifier.verify_now(token) {
                Some(Ok(_)) => good_answers += 1,
                _ => evicted += 1,
            }
        }
        round += 1;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (_, refused, busy, wrong) = &*counts;
    let [refused, busy, wrong] = [refused, busy, wrong].map(|count| count.load(Ordering::SeqCst));
    let (asked, peak) = (issuer.asked() - before, issuer.counts.peak.load(Ordering::SeqCst));
    Proof {
        holds: refused >= LEAST_REFUSED
            && evicted == 0
            && wrong == 0
            && peak <= BOUND
            && asked <= refused + BOUND,
        figures: format!(
            "{} tokens in {:.0} s: {refused} refused, {busy} answered 503, {wrong} wrong; the issuer was asked {asked} times, \
             at most {peak} at a time (bound {BOUND}); good tokens answered at once {good_answers} times in {round} rounds, \
             {evicted} evicted",
            refused + busy,
            start.elapsed().as_secs_f64()
        ),
    }
}
