//! The schema, version by version, so that a file of an older version of this example is brought up to date.

use std::cell::Cell;
use std::error::Error;

use auth_examples_rbac::Step;
use rusqlite::Transaction;

use crate::codes;

/// Files from before versions were counted may have some of it.
const VERSION_1: &str = "
    CREATE TABLE IF NOT EXISTS accounts (
        username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
        scopes TEXT NOT NULL, active INTEGER NOT NULL,
        -- Access tokens that were issued earlier are refused, in seconds since 1970.
        tokens_since INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS items (owner TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS logins (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, label TEXT,
        began_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        current_token TEXT NOT NULL, previous_token TEXT, spent_at INTEGER, sealed_successor TEXT
    );
    CREATE INDEX IF NOT EXISTS logins_by_subject ON logins (subject);
    -- The logins of the first version end.
    DROP TABLE IF EXISTS refresh_tokens;";
const TOKENS_SINCE: &str = "ALTER TABLE accounts ADD COLUMN tokens_since INTEGER NOT NULL DEFAULT 0;";
/// The name was the subject of tokens all along. Addresses are in lower case; older accounts have none.
const VERSION_2: &str = "
    ALTER TABLE accounts RENAME COLUMN username TO id;
    ALTER TABLE accounts ADD COLUMN email TEXT;
    CREATE UNIQUE INDEX accounts_by_email ON accounts (email);";

const DEMO_ITEMS: &str = "
    INSERT INTO items VALUES ('alice', 'a looking-glass'), ('alice', 'a pocket watch'), ('bob', 'a hat');";

/// Calls `open` with the steps that bring a file up to date. If the file is new, the last one calls `fill`.
pub(super) fn with_steps<T>(
    fill: impl Fn(&Transaction<'_>) -> rusqlite::Result<()>,
    open: impl FnOnce(&[Step<'_>]) -> T,
) -> T {
    let is_new = Cell::new(false);
    let version_1 = |transaction: &Transaction<'_>| -> Result<(), Box<dyn Error>> {
        is_new.set(!transaction.table_exists(None, "accounts")?);
        transaction.execute_batch(VERSION_1)?;
        if !transaction.column_exists(None, "accounts", "tokens_since")? {
            transaction.execute_batch(TOKENS_SINCE)?;
        }
        Ok(())
    };
    let version_2 = |transaction: &Transaction<'_>| -> Result<(), Box<dyn Error>> {
        transaction.execute_batch(VERSION_2)?;
        transaction.execute_batch(codes::TABLE)?;
        if is_new.get() {
            fill(transaction)?;
        }
        Ok(())
    };
    open(&[&version_1, &version_2])
}

/// Creates the demo accounts.
pub(super) fn fill(transaction: &Transaction<'_>, hash: &str) -> rusqlite::Result<()> {
    transaction.execute_batch(DEMO_ITEMS)?;
    let insert = "INSERT INTO accounts (id, email, full_name, password_hash, scopes, active)
        VALUES (?1, ?1 || '@example.com', ?2, ?3, ?4, ?5)";
    for (id, full_name, scopes, active) in [
        ("alice", "Alice Liddell", "items", true),
        ("bob", "Bob, who may not see items", "", true),
        ("dave", "Dave, who has left", "items", false),
        ("erin", "Erin, who forgets her password", "items", true),
    ] {
        transaction.execute(insert, (id, full_name, hash, scopes, active))?;
    }
    Ok(())
}
