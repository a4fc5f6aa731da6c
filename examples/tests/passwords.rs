//! Logs users in for `interop/passwords`, whose hashes other programs have made. Usage: `passwords DATABASE`, a SQLite file
//! with the table that those programs have filled. The forms of the logins come in on standard input, and their statuses
//! go out on standard output, both in JSON. New hashes are stored in the database.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_examples::exit_code;
use auth_issuer::{
    Account, AccountStore, Algorithm, BcryptHashes, Passwords, Pbkdf2Hashes, ScryptHashes, SigningKey,
    StoreFailure, TokenEndpoint, TokenIssuer, async_trait,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

/// The table `user` as the tutorial of FastAPI has it: `username` and `hashed_password`.
struct Users(Mutex<Connection>);

impl Users {
    fn database(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AccountStore for Users {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        let query = "SELECT hashed_password FROM user WHERE username = ?1";
        let hash = self.database().query_row(query, [username], |row| row.get::<_, String>(0)).optional()?;
        Ok(hash.map(|hash| Account::new(username).password_hash(hash)))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        self.by_username(subject).await
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        let renew = "UPDATE user SET hashed_password = ?3 WHERE username = ?1 AND hashed_password = ?2";
        self.database().execute(renew, [subject, old, new])?;
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

async fn log_in(database: &str, logins: &[String]) -> Result<Vec<u16>, Box<dyn std::error::Error>> {
    let users = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut secret = [0; 64];
    getrandom::fill(&mut secret)?;
    let key = SigningKey::secret(Algorithm::Hs256, secret)?;
    let issuer = TokenIssuer::builder("https://issuer.interop.example", key).build()?;
    let endpoint = TokenEndpoint::builder(issuer, Arc::new(Users(Mutex::new(users))))
        .audience("https://api.interop.example")
        .unnamed_client("web")
        .passwords(passwords()?)
        .build()?;
    let mut statuses = Vec::new();
    for (number, login) in (0..).zip(logins) {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        // Each from another address, of which one may not fail as often.
        let address = IpAddr::from(Ipv4Addr::from_bits(number));
        statuses.push(endpoint.answer(headers, Some(login.as_bytes()), address).await.status().as_u16());
    }
    Ok(statuses)
}

#[tokio::main]
async fn main() -> ExitCode {
    let run = async || -> Result<(), Box<dyn std::error::Error>> {
        let database =
            std::env::args().nth(1).ok_or("usage: passwords DATABASE < forms of logins in JSON")?;
        let logins: Vec<String> = serde_json::from_reader(io::stdin().lock())?;
        println!("{}", serde_json::to_string(&log_in(&database, &logins).await?)?);
        Ok(())
    };
    exit_code(run().await)
}
