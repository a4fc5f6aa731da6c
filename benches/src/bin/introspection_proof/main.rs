//! Proves what `auth-oidc` promises of introspection, over sockets and under load, and prints the figures:
//!
//! `cargo run --release -p auth-benches --bin introspection_proof` takes two minutes; `... --bin introspection_proof quick`
//! proves less of each in half a minute.
//!
//! The issuer is a server in the same process that takes 50 ms to answer, the client is the default one. Each proof is a
//! line, and the last line counts them. The exit status is 1 if one fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod flood;
mod issuer;
mod outage;
mod throughput;

use std::env;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

/// Whether a promise is kept, and by what figures.
pub(crate) struct Proof {
    pub(crate) holds: bool,
    pub(crate) figures: String,
}

/// How much is proved.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    pub(crate) flood: Duration,
    pub(crate) outage: Duration,
}

const FULL: Scale = Scale { rounds: 60, flood: Duration::from_secs(20), outage: Duration::from_secs(60) };

const QUICK: Scale = Scale { rounds: 15, flood: Duration::from_secs(10), outage: Duration::from_secs(5) };

type Proving = Pin<Box<dyn Future<Output = Proof>>>;

/// A name, and how it is proved.
type Named = (&'static str, fn(Scale) -> Proving);

#[tokio::main]
async fn main() -> ExitCode {
    let scale = if env::args().nth(1).as_deref() == Some("quick") { QUICK } else { FULL };
    let proofs: [Named; 3] = [
        ("throughput of opaque tokens seen before", |scale| Box::pin(throughput::prove(scale))),
        ("flood of distinct bad tokens", |scale| Box::pin(flood::prove(scale))),
        ("outage", |scale| Box::pin(outage::prove(scale))),
    ];
    let (mut passed, mut failed) = (0, 0);
    for (name, prove) in proofs {
        let Proof { holds, figures } = prove(scale).await;
        println!("{} {name}: {figures}", if holds { "ok  " } else { "FAIL" });
        if holds { passed += 1 } else { failed += 1 }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
