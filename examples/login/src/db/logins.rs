//! Logins, and the hashes of their refresh tokens.

use auth_core::{Scope, StoreFailure, async_trait};
use auth_issuer::{Login, RefreshRecord, RefreshTokenStore, SpentToken};
use rusqlite::{OptionalExtension as _, Row};

use super::{Db, moment, scopes, seconds};

#[async_trait]
impl RefreshTokenStore for Db {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        let insert = self.database.run(move |db| {
            db.execute("DELETE FROM logins WHERE expires_at < unixepoch()", [])?;
            let RefreshRecord { login, current, .. } = record;
            let scopes: Vec<_> = login.scopes.iter().map(Scope::as_str).collect();
            let insert = "INSERT INTO logins (id, subject, client_id, scopes, label, began_at, expires_at, current_token)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let (began_at, expires_at) = (seconds(login.began_at), seconds(login.expires_at));
            let Login { id, subject, client_id, label, .. } = login;
            db.execute(
                insert,
                (id, subject, client_id, scopes.join(" "), label, began_at, expires_at, current),
            )
        });
        insert.await?;
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshRecord>, StoreFailure> {
        let id = id.to_owned();
        let found = self
            .database
            .run(move |db| db.query_row("SELECT * FROM logins WHERE id = ?1", [id], record).optional());
        found.await
    }

    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure> {
        let (id, next) = (id.to_owned(), next.to_owned());
        let rotated = self.database.run(move |db| {
            let update = "UPDATE logins
                SET current_token = ?3, previous_token = ?2, spent_at = ?4, sealed_successor = ?5
                WHERE id = ?1 AND current_token = ?2";
            let SpentToken { token_hash, spent_at, sealed_successor } = spent;
            db.execute(update, (id, token_hash, next, seconds(spent_at), sealed_successor))
        });
        Ok(rotated.await? == 1)
    }

    async fn logins(&self, subject: &str) -> Result<Vec<Login>, StoreFailure> {
        let subject = subject.to_owned();
        let logins = self.database.run(move |db| {
            let mut query = db.prepare("SELECT * FROM logins WHERE subject = ?1")?;
            query.query_map([subject], login)?.collect()
        });
        logins.await
    }

    async fn end(&self, id: &str) -> Result<(), StoreFailure> {
        let id = id.to_owned();
        self.database.run(move |db| db.execute("DELETE FROM logins WHERE id = ?1", [id])).await?;
        Ok(())
    }

    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure> {
        let subject = subject.to_owned();
        self.database.run(move |db| db.execute("DELETE FROM logins WHERE subject = ?1", [subject])).await?;
        Ok(())
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<RefreshRecord> {
    let previous = match row.get::<_, Option<String>>("previous_token")? {
        Some(token_hash) => Some(SpentToken {
            token_hash,
            spent_at: moment(row, "spent_at")?,
            sealed_successor: row.get("sealed_successor")?,
        }),
        None => None,
    };
    Ok(RefreshRecord { login: login(row)?, current: row.get("current_token")?, previous })
}

fn login(row: &Row<'_>) -> rusqlite::Result<Login> {
    Ok(Login {
        id: row.get("id")?,
        subject: row.get("subject")?,
        client_id: row.get("client_id")?,
        scopes: scopes(row)?,
        label: row.get("label")?,
        began_at: moment(row, "began_at")?,
        expires_at: moment(row, "expires_at")?,
    })
}
