//! What the log says. A subscriber of the whole process writes for each thread apart.

use std::io;
use std::sync::OnceLock;

use auth_core::TokenVerifier as _;
use auth_oidc::Introspection;
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{Act, pass, seconds, verdict};
use crate::{Provider, good, is_unavailable, with};

thread_local! {
    static LINES: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for ThisThread {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

fn listen() {
    static SUBSCRIBER: OnceLock<()> = OnceLock::new();
    SUBSCRIBER.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(ThisThread)
            .init();
    });
    LINES.take();
}

fn said() -> String {
    String::from_utf8(LINES.take()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_one_error_a_minute_that_names_the_client() {
    let provider = Provider::new(|_| Act::status(401));
    let verifier = provider.verifier(Introspection::client_secret_post("orders-api", "SECRET-canary")).await;
    listen();
    for number in 0..100 {
        assert!(is_unavailable(&verdict(&verifier, &format!("TOKEN-canary{number}")).await));
    }
    let said = said();
    let errors: Vec<_> = said.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].contains("\"orders-api\"") && errors[0].contains("401"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    pass(seconds(60)).await;
    listen();
    let _ = verdict(&verifier, "TOKEN-canary").await;
    assert_eq!(crate::logs::said().matches("ERROR").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_without_token_secret_or_claim() {
    const CANARY: &str = "canary";
    for (act, told) in [
        (Act::status(500), "answered 500"),
        (Act::ok(with("active", "true-canary").to_string()), "claim `active`"),
        (Act::ok(format!("{{\"canary\":{CANARY}")), "does not allow"),
        (Act::Never, "did not answer within 5 s"),
        (Act::status(302).header("location", "https://id.example/login"), "configure that address"),
    ] {
        let provider = Provider::new(move |_| act.clone());
        let verifier =
            provider.verifier(Introspection::client_secret_basic("orders-api", "SECRET-canary")).await;
        listen();
        let failure = verifier.verify("TOKEN-canary").await.unwrap_err();
        let said = said();
        assert!(said.contains("WARN") && said.contains(told), "{said}");
        assert!(!format!("{said}{failure:?}").contains(CANARY), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_refuses_jwts_is_an_error_that_says_so() {
    let provider = Provider::new(|_| Act::status(400));
    let verifier = provider.verifier(crate::basic().introspect_everything()).await;
    listen();
    assert!(is_unavailable(&verdict(&verifier, &provider.signer.good("alice")).await));
    let said = said();
    assert!(said.contains("ERROR") && said.contains("Leave `.introspect_everything()` out"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_what_goes_well() {
    let provider = Provider::saying(&with("sub", "SUBJECT-canary"));
    let verifier = provider.verifier(crate::basic()).await;
    listen();
    let _ = verdict(&verifier, "TOKEN-canary").await;
    provider.saying_now(&good());
    assert!(!said().contains("canary"));
}
