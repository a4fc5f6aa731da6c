//! The recipe for SQLite.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

mod common;
#[path = "../recipes/sqlite.rs"]
mod recipe;

use std::sync::Arc;
use std::time::Duration;

use auth_api_keys::{ApiKeyStore as _, ApiKeys, KeyOwner, MintError, NewApiKey, Scope};
use auth_core::{TokenVerifier as _, VerifyError, VerifyFailure};
use auth_testing::TestClock;
use futures_executor::block_on;
use rusqlite::Connection;

use self::common::with_checksum;
use self::recipe::{SCHEMA, SqliteApiKeys};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ORDERS_READ: Scope = Scope::from_static("orders:read");

fn database(schema: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(schema).unwrap();
    connection
}

fn keys(schema: &str) -> (ApiKeys, Arc<SqliteApiKeys>, TestClock) {
    let (store, clock) = (Arc::new(SqliteApiKeys::new(database(schema))), TestClock::default());
    (ApiKeys::new("acme", store.clone()).unwrap().clock(clock.clone()), store, clock)
}

fn error(keys: &ApiKeys, key: &str) -> Option<VerifyError> {
    block_on(keys.verify(key)).err().map(VerifyFailure::into_error)
}

#[test]
fn the_page_shows_the_table() {
    assert!(include_str!("../README.md").contains(SCHEMA.trim_end()));
}

#[test]
fn keys_are_minted_verified_listed_and_revoked() {
    let (keys, store, clock) = keys(SCHEMA);
    let new = || NewApiKey::for_client("export").scopes([ORDERS_READ]).lifetime(DAY);
    let first = block_on(keys.mint(new().label("Every night"))).unwrap();
    clock.advance(Duration::from_secs(60));
    let second = block_on(keys.mint(new().on_behalf_of("alice").not_before(0))).unwrap();
    for (key, subject) in [(&first, "export"), (&second, "alice")] {
        let token = block_on(keys.verify(key.as_str())).unwrap();
        assert_eq!((token.subject(), token.client_id()), (subject, Some("export")));
        assert!(token.scopes().contains("orders:read"));
    }
    let used = block_on(store.find(&first.details().id)).unwrap().unwrap().key.last_used_at;
    assert_eq!(used, Some(first.details().created_at + 60));

    let ids = |owner| block_on(keys.list(owner)).unwrap().into_iter().map(|key| key.id).collect::<Vec<_>>();
    let id = |key: &auth_api_keys::MintedKey| key.details().id.clone();
    assert_eq!(ids(KeyOwner::Client("export")), [id(&first), id(&second)]);
    assert_eq!(ids(KeyOwner::Subject("alice")), [id(&second)]);
    assert!(ids(KeyOwner::Subject("ALICE")).is_empty());

    assert!(block_on(keys.revoke(&id(&first))).unwrap());
    assert!(!block_on(keys.revoke(&id(&first))).unwrap(), "a second time");
    assert_eq!(error(&keys, first.as_str()), Some(VerifyError::UnknownToken));
    assert_eq!(error(&keys, second.as_str()), None);
    assert_eq!(block_on(keys.revoke_all(KeyOwner::Client("export"))).unwrap(), 1);
    assert_eq!(error(&keys, second.as_str()), Some(VerifyError::UnknownToken));
    assert!(!block_on(store.insert(block_on(store.find(&id(&first))).unwrap().unwrap())).unwrap(), "taken");
}

#[test]
fn a_key_goes_with_its_client() {
    let schema = format!(
        "PRAGMA foreign_keys = ON; CREATE TABLE clients (id TEXT PRIMARY KEY); INSERT INTO clients VALUES ('export'); {}",
        SCHEMA.replace(
            "client_id TEXT NOT NULL",
            "client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE"
        )
    );
    let connection = database(&schema);
    let store = Arc::new(SqliteApiKeys::new(connection));
    let keys = ApiKeys::new("acme", store.clone()).unwrap();
    let key = block_on(keys.mint(NewApiKey::for_client("export").lifetime(DAY))).unwrap();
    assert_eq!(error(&keys, key.as_str()), None);
    store.execute("DELETE FROM clients WHERE id = 'export'");
    assert_eq!(error(&keys, key.as_str()), Some(VerifyError::UnknownToken));
}

impl SqliteApiKeys {
    /// What somebody does to the database behind the back of the library.
    fn execute(&self, statement: &str) {
        self.db().execute_batch(statement).unwrap();
    }
}

#[test]
fn a_database_that_ignores_case_gives_no_key_a_twin() {
    let (keys, _, _) = keys(&SCHEMA.replace("id TEXT PRIMARY KEY", "id TEXT PRIMARY KEY COLLATE NOCASE"));
    let key = block_on(keys.mint(NewApiKey::for_client("export").lifetime(DAY))).unwrap();
    assert_eq!(error(&keys, key.as_str()), None);
    // The id in another case, under a checksum of its own.
    let (id, rest) = (&key.details().id, key.as_str().get(21..53).unwrap());
    let id: String = id.chars().map(swapped_case).collect();
    let twin = with_checksum(&format!("acme_{id}{rest}"));
    let failure = block_on(keys.verify(&twin)).unwrap_err();
    assert_eq!(failure.error(), &VerifyError::UnknownToken);
    assert!(failure.hint().unwrap().to_string().contains("byte by byte"), "{failure:?}");
}

fn swapped_case(character: char) -> char {
    if character.is_ascii_lowercase() {
        character.to_ascii_uppercase()
    } else {
        character.to_ascii_lowercase()
    }
}

#[test]
fn a_column_that_is_too_short_is_noticed_before_a_key_is_handed_out() {
    for (schema, what) in [
        (
            SCHEMA.replace("STRICT, ", "")
                + "CREATE TRIGGER cut AFTER INSERT ON api_keys BEGIN
            UPDATE api_keys SET hash = substr(hash, 1, 32) WHERE id = new.id; END;",
            "hash",
        ),
        (
            SCHEMA.replace("STRICT, ", "")
                + "CREATE TRIGGER cut AFTER INSERT ON api_keys BEGIN
            UPDATE api_keys SET scope = substr(scope, 1, 5) WHERE id = new.id; END;",
            "scope",
        ),
        (
            SCHEMA.to_owned()
                + "CREATE TRIGGER lose AFTER INSERT ON api_keys BEGIN
            DELETE FROM api_keys WHERE id = new.id; END;",
            "row",
        ),
    ] {
        let (keys, store, _) = keys(&schema);
        let minted = block_on(keys.mint(NewApiKey::for_client("export").scopes([ORDERS_READ]).lifetime(DAY)));
        assert!(matches!(minted, Err(MintError::NotKept)), "{what}: {minted:?}");
        let left = block_on(store.keys(KeyOwner::Client("export"))).unwrap();
        assert!(left.iter().all(|key| key.revoked_at.is_some()), "{what}");
    }
}

#[test]
fn what_stands_in_the_database_is_not_trusted() {
    let (keys, store, _) = keys(SCHEMA);
    let key =
        block_on(keys.mint(NewApiKey::for_client("export").scopes([ORDERS_READ]).lifetime(DAY))).unwrap();
    let misconfigured = VerifyError::Misconfigured("the store returned an API key that is unsound");
    for (set, expected) in [
        ("scope = 'orders:read orders:read'", Some(misconfigured.clone())),
        ("scope = 'orders:read  orders:write'", Some(misconfigured.clone())),
        ("scope = ' '", Some(misconfigured.clone())),
        ("scope = 'orders\"read'", Some(misconfigured.clone())),
        ("scope = 'örders'", Some(misconfigured.clone())),
        ("scope = 'orders:read,orders:write'", None), // one scope, which nothing demands
        ("scope = ''", None),
        ("scope = 'orders:read orders:write'", None),
        ("subject = ''", Some(misconfigured.clone())),
        ("subject = 'export'", None),
        ("client_id = ''", Some(misconfigured.clone())),
        ("client_id = 'export'", None),
        ("expires_at = -1", Some(VerifyError::Expired)),
        ("expires_at = 9223372036854775807", Some(misconfigured)),
        ("expires_at = NULL", None),
        ("hash = upper(hash)", Some(VerifyError::UnknownToken)),
        ("hash = ''", Some(VerifyError::UnknownToken)),
    ] {
        store.execute(&format!("UPDATE api_keys SET {set}"));
        assert_eq!(error(&keys, key.as_str()), expected, "{set}");
    }
    store.execute("DROP TABLE api_keys");
    assert!(matches!(error(&keys, key.as_str()), Some(VerifyError::Unavailable { .. })));
}
