//! What is logged, and how loudly. One test, alone in its process: `tracing` remembers across threads which
//! log lines nobody wants.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};

use auth_core::{Authenticator, NoClaims, TokenVerifier, VerifiedToken, VerifyError, async_trait};
use auth_testing::TestRequest;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Table;

#[async_trait]
impl TokenVerifier for Table {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        match token {
            "good" => VerifiedToken::assert_verified(serde_json::json!({"sub": "alice"})),
            "panic" => panic!("the verifier is broken"),
            "down" => Err(VerifyError::Unavailable { retry_after: None }),
            _ => Err(VerifyError::Expired),
        }
    }
}

#[derive(serde::Deserialize)]
struct Tenant {
    #[allow(dead_code, reason = "only deserialized")]
    tenant: String,
}

#[test]
fn a_refusal_is_logged_at_the_level_of_whose_fault_it_is() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let taken = || String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
    let authenticator = Authenticator::new(Table);
    let demand = |request: TestRequest| {
        let _ = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
        taken()
    };

    tracing::subscriber::with_default(subscriber.finish(), || {
        for (value, level, reason, cause) in [
            ("Basic x", "DEBUG", "Missing", ""),
            ("Bearer", "DEBUG", "Malformed", ""),
            ("Bearer old", "DEBUG", "Invalid", "the token has expired"),
            ("Bearer down", "WARN", "Unavailable", "no verdict can be had now"),
            ("Bearer panic", "ERROR", "Misconfigured", "it panicked"),
        ] {
            let log = demand(TestRequest::get("/").authorization(value));
            assert!(log.contains(level) && log.contains(reason) && log.contains(cause), "{value}: {log}");
            assert_eq!(log.lines().count(), 1, "{log}");
        }
        assert_eq!(demand(TestRequest::get("/").bearer("good")), "");
        let log = demand(TestRequest::get("/?access_token=x").bearer("good"));
        assert!(log.contains("the query has an access_token"), "{log}");

        let anonymous = TestRequest::get("/");
        let _ = futures_executor::block_on(authenticator.authenticate_optional::<NoClaims>(&anonymous));
        assert_eq!(taken(), "", "an anonymous caller is not refused");

        let good = TestRequest::get("/").bearer("good");
        let _ = futures_executor::block_on(authenticator.authenticate::<Tenant>(&good));
        let log = taken();
        assert!(log.contains("WARN") && log.contains("Tenant: `tenant` is missing"), "{log}");
    });
}
