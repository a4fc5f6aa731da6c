//! Logs users in for `interop/passwords`, whose hashes other programs have made: users and logins come in on standard
//! input, the status of each login and the hashes that are stored afterwards go out on standard output.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use auth_examples::exit_code;
use auth_issuer::{
    Account, AccountStore, Algorithm, BcryptHashes, Passwords, Pbkdf2Hashes, ScryptHashes, SigningKey,
    StoreFailure, TokenEndpoint, TokenIssuer, async_trait,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Order {
    /// User names and hashes.
    users: HashMap<String, String>,
    /// Forms that browsers send.
    logins: Vec<String>,
}

/// Hashes by user name.
struct Users(Mutex<BTreeMap<String, String>>);

#[async_trait]
impl AccountStore for Users {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(users.get(username).map(|hash| Account::new(username).password_hash(hash)))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        self.by_username(subject).await
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = users.get_mut(subject).filter(|hash| *hash == old) {
            new.clone_into(hash);
        }
        Ok(())
    }
}

/// Accepts what passlib and pwdlib make. An application accepts costs as high as those in its database, and each login
/// then does all that work; here each does that of its own hash, so that many take little time.
fn passwords() -> Result<Passwords, Box<dyn std::error::Error>> {
    let passwords = Passwords::builder()
        .accept(BcryptHashes::up_to(4)?)
        .accept(Pbkdf2Hashes::sha1_up_to(1)?)
        .accept(Pbkdf2Hashes::sha256_up_to(1)?)
        .accept(Pbkdf2Hashes::sha512_up_to(1)?)
        .accept(ScryptHashes::up_to(1, 8, 1)?);
    Ok(passwords.build()?)
}

async fn log_in(order: Order) -> Result<(), Box<dyn std::error::Error>> {
    let users = Arc::new(Users(Mutex::new(order.users.into_iter().collect())));
    let mut secret = [0; 64];
    getrandom::fill(&mut secret)?;
    let key = SigningKey::secret(Algorithm::Hs256, secret)?;
    let issuer = TokenIssuer::builder("https://issuer.interop.example", key).build()?;
    let endpoint = TokenEndpoint::builder(issuer, users.clone())
        .audience("https://api.interop.example")
        .unnamed_client("web")
        .passwords(passwords()?)
        .build()?;
    let mut statuses = Vec::new();
    for (number, login) in (0..).zip(&order.logins) {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        // Each from another address, of which one may not fail as often.
        let address = IpAddr::from(Ipv4Addr::from_bits(number));
        statuses.push(endpoint.answer(headers, Some(login.as_bytes()), address).await.status().as_u16());
    }
    let stored = users.0.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{}", json!({ "statuses": statuses, "stored": *stored }));
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let run = async || {
        let order: Order = serde_json::from_reader(io::stdin().lock())?;
        log_in(order).await
    };
    exit_code(run().await)
}
