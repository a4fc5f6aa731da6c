//! What an API key costs among a million in SQLite, and what time tells of a wrong one:
//! `cargo bench -p auth-benches --bench api_keys`. The database takes about 300 MB in the folder for temporary files.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

#[path = "../../auth-api-keys/recipes/sqlite.rs"]
mod recipe;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth_api_keys::{ApiKeyStore as _, ApiKeys, MemoryApiKeys, NewApiKey, Scope};
use auth_benches::{Candidate, Row, Table, at_once, mint};
use auth_core::{Algorithm, Authenticator, NoClaims, TokenRouter, TokenVerifier as _};
use auth_testing::{TestIssuer, TestRequest};
use rusqlite::Connection;

use self::recipe::{SCHEMA, SqliteApiKeys};

const KEYS: usize = 1_000_000;
const KEYS_OF_A_CLIENT: usize = 10;
/// So many keys are asked for in turn, from all over the table.
const ASKED: usize = 10_000;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // a test run, which tells nothing about time
    }
    let file = File::new();
    let start = Instant::now();
    let (keys, store, right) = fill(&file.0);
    let bytes = std::fs::metadata(&file.0).unwrap().len();
    println!("{KEYS} keys in {:.1} s, {} MB", start.elapsed().as_secs_f64(), bytes / 1_000_000);
    let asked = Asked::new(&right);

    let issuer = TestIssuer::new(Algorithm::Hs256);
    let jwts = issuer.verifier().no_cache().build().unwrap();
    let router = TokenRouter::new().jwt(jwts).prefix(keys.prefix(), keys.clone()).unwrap();
    let authenticator = Authenticator::new(router);
    let request = |token: &str| TestRequest::get("/orders?page=2").bearer(token);
    let jwt = [request(&mint(&issuer))];
    let requests = |keys: &[String]| keys.iter().map(|key| request(key)).collect::<Vec<_>>();
    let [right, wrong_secret, unknown, mistyped] = asked.each().map(requests);
    let through = |name, requests, expected| through(name, &authenticator, requests, expected);
    let whole = Row::measure(
        "a request",
        &mut [
            through("HS256, first sight", &jwt, Expected::Yes),
            through("right key", &right, Expected::Yes),
            through("wrong secret", &wrong_secret, Expected::No),
            through("unknown id", &unknown, Expected::No),
            through("wrong checksum", &mistyped, Expected::No),
        ],
    );
    println!("\n{}", Table::of_ratios("through `Authenticator`", vec![whole]));

    let [right, wrong_secret, unknown, mistyped] = asked.each();
    let verdict = |name, tokens, expected| verdict(name, &keys, tokens, expected);
    let verdicts = Row::measure(
        "the verdict",
        &mut [
            verdict("wrong secret", wrong_secret, Expected::No),
            verdict("unknown id", unknown, Expected::No),
            verdict("right key", right, Expected::Yes),
            verdict("wrong checksum", mistyped, Expected::No),
        ],
    );
    let lookup = |name, tokens, expected| lookup(name, &store, tokens, expected);
    let lookups = Row::measure(
        "of it, the store",
        &mut [
            lookup("wrong secret", wrong_secret, Expected::Yes),
            lookup("unknown id", unknown, Expected::No),
        ],
    );
    println!("\n{}", Table::of_ratios("`ApiKeys::verify`", vec![verdicts, lookups]));
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    Yes,
    No,
}

impl Expected {
    fn check(self, outcome: bool) {
        assert_eq!(outcome, self == Self::Yes);
    }
}

fn through<'a>(
    name: &'static str,
    authenticator: &'a Authenticator,
    requests: &'a [TestRequest],
    expected: Expected,
) -> Candidate<'a> {
    let mut requests = requests.iter().cycle();
    Candidate::new(name, move || {
        let request = black_box(requests.next().unwrap());
        expected.check(at_once(authenticator.authenticate::<NoClaims>(request)).is_ok());
    })
}

fn verdict<'a>(
    name: &'static str,
    keys: &'a ApiKeys,
    tokens: &'a [String],
    expected: Expected,
) -> Candidate<'a> {
    let mut tokens = tokens.iter().cycle();
    Candidate::new(name, move || {
        expected.check(at_once(keys.verify(black_box(tokens.next().unwrap()))).is_ok());
    })
}

fn lookup<'a>(
    name: &'static str,
    store: &'a SqliteApiKeys,
    tokens: &'a [String],
    expected: Expected,
) -> Candidate<'a> {
    let mut tokens = tokens.iter().cycle();
    Candidate::new(name, move || {
        let id = part(tokens.next().unwrap(), 5, 21);
        expected.check(at_once(store.find(black_box(id))).unwrap().is_some());
    })
}

/// A million keys, minted in one transaction, and some of them as their clients hold them.
fn fill(path: &Path) -> (ApiKeys, Arc<SqliteApiKeys>, Vec<String>) {
    let connection = Connection::open(path).unwrap();
    // The indexes are made once the rows are there.
    let (table, indexes) = SCHEMA.split_at(SCHEMA.find("CREATE INDEX").unwrap());
    connection.execute_batch(table).unwrap();
    let store = Arc::new(SqliteApiKeys::new(connection));
    let keys = ApiKeys::new("acme", store.clone()).unwrap().last_used_interval(YEAR);
    store.db().execute_batch("BEGIN").unwrap();
    let mut asked = Vec::new();
    for number in 0..KEYS {
        let key = at_once(keys.mint(new(number))).unwrap();
        if number % (KEYS / ASKED) == 0 {
            // Its last use is written down here, and not while it is timed.
            at_once(keys.verify(key.as_str())).unwrap();
            asked.push(key.as_str().to_owned());
        }
    }
    store.db().execute_batch(indexes).unwrap();
    store.db().execute_batch("COMMIT").unwrap();
    (keys, store, asked)
}

fn new(number: usize) -> NewApiKey {
    let scopes = [Scope::from_static("orders:read"), Scope::from_static("orders:write")];
    let new = NewApiKey::for_client(format!("client-{:06}", number / KEYS_OF_A_CLIENT));
    new.label("The export to the warehouse").scopes(scopes).lifetime(YEAR)
}

/// Keys of each kind.
struct Asked {
    /// Half of them.
    right: Vec<String>,
    /// With the ids of the other half, so that no turn finds the pages that the turn before has read.
    wrong_secret: Vec<String>,
    /// Of another store.
    unknown: Vec<String>,
    mistyped: Vec<String>,
}

impl Asked {
    fn new(right: &[String]) -> Self {
        let elsewhere = ApiKeys::new("acme", MemoryApiKeys::default()).unwrap();
        let mint = |number| at_once(elsewhere.mint(new(number))).unwrap().as_str().to_owned();
        let (right, others) = right.split_at(right.len() / 2);
        let unknown: Vec<_> = (0..right.len()).map(mint).collect();
        let wrong_secret = others
            .iter()
            .zip(&unknown)
            .map(|(key, other)| with_checksum(&[part(key, 0, 21), part(other, 21, 53)].concat()));
        let mistyped = right
            .iter()
            .zip(&unknown)
            .map(|(right, other)| [part(right, 0, 52), part(other, 52, 53), part(right, 53, 59)].concat());
        // One of 62 has the same character by chance.
        let mistyped = mistyped.filter(|key| !right.contains(key)).collect();
        Self {
            wrong_secret: wrong_secret.collect(),
            mistyped,
            unknown: unknown.clone(),
            right: right.to_vec(),
        }
    }

    fn each(&self) -> [&[String]; 4] {
        [&self.right, &self.wrong_secret, &self.unknown, &self.mistyped]
    }
}

fn part(key: &str, start: usize, end: usize) -> &str {
    key.get(start..end).unwrap()
}

/// As any attacker can compute it.
fn with_checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (mut sum, mut rest) = (String::new(), crc32fast::hash(text.as_bytes()));
    for _ in 0..6 {
        sum.insert(0, char::from(*DIGITS.get(usize::try_from(rest % 62).unwrap()).unwrap()));
        rest /= 62;
    }
    format!("{text}{sum}")
}

/// A database that goes when the run ends.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("auth-api-keys-{}.sqlite", std::process::id()));
        assert!(!path.exists());
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
