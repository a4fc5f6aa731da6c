//! API keys in SQLite, to be copied into an application and changed there. This crate's tests run it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use auth_api_keys::{ApiKey, ApiKeyRecord, ApiKeyStore, KeyOwner, StoreFailure, async_trait};
use rusqlite::{Connection, OptionalExtension as _, Row};

/// One row for each key. Looked up by its id, which SQLite compares byte by byte.
pub(crate) const SCHEMA: &str = "\
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL, label TEXT,
    client_id TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL,
    created_at INTEGER NOT NULL, not_before INTEGER, expires_at INTEGER,
    last_used_at INTEGER, revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_client ON api_keys (client_id);
CREATE INDEX api_keys_by_subject ON api_keys (subject);
";

/// The keys in one database.
///
/// A lookup takes some microseconds, so it runs where it is asked for. If the disk is slow or remote, run the statements
/// on threads for blocking work, such as those of `tokio::task::spawn_blocking`.
pub(crate) struct SqliteApiKeys(Mutex<Connection>);

impl SqliteApiKeys {
    /// Uses a database with the table of [`SCHEMA`].
    pub(crate) fn new(connection: Connection) -> Self {
        Self(Mutex::new(connection))
    }

    pub(crate) fn db(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ApiKeyStore for SqliteApiKeys {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        let ApiKeyRecord { key, hash } = record;
        let insert = "INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (id) DO NOTHING";
        let (not_before, expires_at) = (key.not_before.map(seconds), key.expires_at.map(seconds));
        let (last_used_at, revoked_at) = (key.last_used_at.map(seconds), key.revoked_at.map(seconds));
        let (db, created_at) = (self.db(), seconds(key.created_at));
        let inserted = db.prepare_cached(insert)?.execute((
            key.id,
            hash,
            key.label,
            key.client_id,
            key.subject,
            key.scope,
            created_at,
            not_before,
            expires_at,
            last_used_at,
            revoked_at,
        ))?;
        Ok(inserted == 1)
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT * FROM api_keys WHERE id = ?1")?;
        let record = |row: &Row<'_>| Ok(ApiKeyRecord { key: key(row)?, hash: row.get("hash")? });
        Ok(query.query_row([id], record).optional()?)
    }

    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        let (column, name) = column(owner);
        let db = self.db();
        let mut query = db.prepare_cached(&format!("SELECT * FROM api_keys WHERE {column} = ?1"))?;
        Ok(query.query_map([name], key)?.collect::<Result<_, _>>()?)
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        let update = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.db().execute(update, (id, seconds(at)))? == 1)
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        let (column, name) = column(owner);
        let update =
            format!("UPDATE api_keys SET revoked_at = ?2 WHERE {column} = ?1 AND revoked_at IS NULL");
        Ok(u64::try_from(self.db().execute(&update, (name, seconds(at)))?)?)
    }

    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure> {
        self.db().execute("UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1", (id, seconds(at)))?;
        Ok(())
    }
}

fn column<'a>(owner: KeyOwner<'a>) -> (&'static str, &'a str) {
    match owner {
        KeyOwner::Client(client_id) => ("client_id", client_id),
        KeyOwner::Subject(subject) => ("subject", subject),
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get("id")?,
        label: row.get("label")?,
        client_id: row.get("client_id")?,
        subject: row.get("subject")?,
        scope: row.get("scope")?,
        created_at: moment(row.get("created_at")?),
        not_before: row.get::<_, Option<i64>>("not_before")?.map(moment),
        expires_at: row.get::<_, Option<i64>>("expires_at")?.map(moment),
        last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(moment),
        revoked_at: row.get::<_, Option<i64>>("revoked_at")?.map(moment),
    })
}

/// Seconds since 1970, as SQLite's integers have a sign.
fn seconds(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

/// A negative time is before 1970: long ago.
fn moment(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or_default()
}

impl fmt::Debug for SqliteApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteApiKeys")
    }
}
