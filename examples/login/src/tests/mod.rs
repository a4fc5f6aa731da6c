//! Attacks on codes, by a clock of their own. `examples/tests/accounts.rs` has those over the network.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod attacks;
mod forms;
mod schema;

use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use auth_core::{Algorithm, async_trait};
use auth_issuer::{GuessLimits, Passwords, RefreshTokens, SigningKey, TokenEndpoint, TokenIssuer};
use auth_testing::TestClock;
use rusqlite::Connection;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::codes::Code;
use crate::{Db, Mail, Mailer, SelfService, User};

const PASSWORD: &str = "a mad tea-party";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const CAROL: &str = "carol@example.com";
const ERIN: &str = "erin@example.com";

/// A database with demo accounts, which is removed in the end.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("auth-login-{}-{number}.sqlite", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn open(&self, clock: &TestClock) -> Db {
        Db::open(&self.0, clock.clone(), "old").unwrap()
    }

    fn execute(&self, statements: &str) {
        Connection::open(&self.0).unwrap().execute_batch(statements).unwrap();
    }

    fn text(&self, query: &str) -> String {
        Connection::open(&self.0).unwrap().query_row(query, [], |row| row.get(0)).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Mails go to the test.
struct Outbox(UnboundedSender<Mail>);

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(self.0.send(mail)?)
    }
}

struct Service {
    service: SelfService,
    mails: UnboundedReceiver<Mail>,
    clock: TestClock,
    file: File,
}

impl Service {
    fn new() -> Self {
        let (file, clock, (outbox, mails)) = (File::new(), TestClock::default(), unbounded_channel());
        let db = file.open(&clock);
        let key = SigningKey::secret(Algorithm::Hs256, "a secret of more than thirty-two bytes").unwrap();
        let endpoint = TokenEndpoint::builder(
            TokenIssuer::builder("https://a.example", key).build().unwrap(),
            db.clone(),
        )
        .audience("https://b.example")
        .unnamed_client("web")
        .passwords(Passwords::new().unwrap())
        .guess_limits(GuessLimits::new().clock(clock.clone()))
        .refresh_tokens(RefreshTokens::new(db.clone()))
        .build()
        .unwrap();
        let server = "127.0.0.1:3000".parse().unwrap();
        let service = SelfService::new(endpoint, db, Arc::new(Outbox(outbox)), server).unwrap();
        Self { service, mails, clock, file }
    }

    async fn user(&self, id: &str) -> User {
        self.service.db.user_of(id).await.unwrap().unwrap()
    }

    /// The code in the next mail, which is for this reader.
    async fn code(&mut self, to: &str) -> String {
        let mail = self.mails.recv().await.unwrap();
        assert_eq!(mail.to, to);
        let (_, rest) = mail.text.split_once(r#""code":""#).unwrap_or_else(|| panic!("{}", mail.subject));
        rest.split_once('"').unwrap().0.to_owned()
    }
}

fn email(email: &str) -> Vec<u8> {
    json!({ "email": email }).to_string().into_bytes()
}

fn verification(email: &str, code: &str, password: &str) -> Vec<u8> {
    json!({ "email": email, "code": code, "password": password, "full_name": "Carol" })
        .to_string()
        .into_bytes()
}

fn reset(email: &str, code: &str) -> Vec<u8> {
    json!({ "email": email, "code": code, "password": PASSWORD }).to_string().into_bytes()
}

fn random() -> Code {
    Code::random().unwrap()
}
