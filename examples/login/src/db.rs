//! Accounts, items and refresh tokens in SQLite.

use std::fmt;

use auth_core::{Scope, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
use auth_examples_rbac::Database;
use auth_issuer::{Account, AccountStore, Passwords, Redeemed, RefreshRecord, RefreshTokenStore};
use rusqlite::{OptionalExtension as _, Row, Transaction};

use crate::{Item, User};

const DATABASE: &str = "login.sqlite";
/// Of all demo accounts.
const DEMO_PASSWORD: &str = "wonderland";

const SCHEMA: &str = "
    CREATE TABLE accounts (
        username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
        scopes TEXT NOT NULL, active INTEGER NOT NULL
    );
    CREATE TABLE items (owner TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE refresh_tokens (
        token_hash TEXT PRIMARY KEY, family TEXT NOT NULL, subject TEXT NOT NULL, client_id TEXT NOT NULL,
        scopes TEXT NOT NULL, expires_at INTEGER NOT NULL, redeemed INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO items VALUES ('alice', 'a looking-glass'), ('alice', 'a pocket watch'), ('bob', 'a hat');";

/// Users, and what belongs to them.
#[derive(Clone)]
pub struct Db(Database);

impl Db {
    /// The file that `AUTH_DATABASE` says, which is made, with demo accounts in it, if there is none yet.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub async fn from_env(passwords: &Passwords) -> Result<Self, String> {
        let hash = passwords.hash(DEMO_PASSWORD).await.map_err(|error| error.to_string())?;
        let fill = |transaction: &Transaction<'_>| {
            transaction.execute_batch(SCHEMA)?;
            let insert = "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5)";
            for (username, full_name, scopes, active) in [
                ("alice", "Alice Liddell", "items", true),
                ("bob", "Bob, who may not see items", "", true),
                ("dave", "Dave, who has left", "items", false),
            ] {
                transaction.execute(insert, (username, full_name, &hash, scopes, active))?;
            }
            Ok(())
        };
        Database::from_env(DATABASE, "accounts", fill).map(Self)
    }

    async fn account(&self, username: &str) -> Result<Option<(Account, User)>, StoreFailure> {
        let username = username.to_owned();
        let found = self.0.run(move |db| {
            let query = "SELECT * FROM accounts WHERE username = ?1";
            db.query_row(query, [username], |row| {
                let user = User { username: row.get("username")?, full_name: row.get("full_name")? };
                let account = Account::new(&user.username)
                    .password_hash(row.get::<_, String>("password_hash")?)
                    .active(row.get("active")?)
                    .scopes(scopes(row)?);
                Ok((account, user))
            })
            .optional()
        });
        found.await
    }

    /// What somebody has.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], if the database cannot tell.
    pub async fn items(&self, owner: String) -> Result<Vec<Item>, StoreFailure> {
        let items = self.0.run(move |db| {
            let mut query = db.prepare("SELECT name FROM items WHERE owner = ?1 ORDER BY name")?;
            query.query_map([owner], |row| Ok(Item { name: row.get("name")? }))?.collect()
        });
        items.await
    }
}

/// For `/token`: who may log in.
#[async_trait]
impl AccountStore for Db {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.account(username).await?.map(|(account, _)| account))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        // Here the name is the subject too, for it never changes.
        self.by_username(subject).await
    }
}

/// For all else: who is behind a token.
#[async_trait]
impl UserStore for Db {
    type User = User;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
        Ok(match self.account(token.subject()).await? {
            Some((account, user)) if account.is_active() => UserLookup::Active(user),
            Some(_) => UserLookup::Inactive,
            None => UserLookup::Unknown,
        })
    }
}

#[async_trait]
impl RefreshTokenStore for Db {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        let insert = self.0.run(move |db| {
            db.execute("DELETE FROM refresh_tokens WHERE expires_at < unixepoch()", [])?;
            let RefreshRecord { token_hash, family, subject, client_id, scopes, expires_at } = record;
            let names: Vec<_> = scopes.iter().map(Scope::as_str).collect();
            let expires_at = i64::try_from(expires_at).unwrap_or(i64::MAX);
            let insert = "INSERT INTO refresh_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)";
            db.execute(insert, (token_hash, family, subject, client_id, names.join(" "), expires_at))
        });
        insert.await?;
        Ok(())
    }

    async fn find(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        let token_hash = token_hash.to_owned();
        let found = self.0.run(move |db| db.query_row(FIND, [token_hash], found).optional());
        found.await
    }

    async fn redeem(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        let token_hash = token_hash.to_owned();
        let redeemed = self.0.run(move |db| {
            let update = "UPDATE refresh_tokens SET redeemed = 1 WHERE token_hash = ?1 AND redeemed = 0";
            let is_first = db.execute(update, [&token_hash])? == 1;
            let record = db.query_row(FIND, [token_hash], record).optional()?;
            Ok(record.map(if is_first { Redeemed::First } else { Redeemed::Again }))
        });
        redeemed.await
    }

    async fn revoke(&self, family: &str) -> Result<(), StoreFailure> {
        let family = family.to_owned();
        let delete =
            self.0.run(move |db| db.execute("DELETE FROM refresh_tokens WHERE family = ?1", [family]));
        delete.await?;
        Ok(())
    }
}

const FIND: &str = "SELECT * FROM refresh_tokens WHERE token_hash = ?1";

fn found(row: &Row<'_>) -> rusqlite::Result<Redeemed> {
    let kind = if row.get("redeemed")? { Redeemed::Again } else { Redeemed::First };
    Ok(kind(record(row)?))
}

fn record(row: &Row<'_>) -> rusqlite::Result<RefreshRecord> {
    Ok(RefreshRecord {
        token_hash: row.get("token_hash")?,
        family: row.get("family")?,
        subject: row.get("subject")?,
        client_id: row.get("client_id")?,
        scopes: scopes(row)?,
        expires_at: u64::try_from(row.get::<_, i64>("expires_at")?).unwrap_or_default(),
    })
}

/// Names with spaces between.
fn scopes(row: &Row<'_>) -> rusqlite::Result<Vec<Scope>> {
    let names: String = row.get("scopes")?;
    Ok(names.split(' ').filter_map(|name| Scope::new(name).ok()).collect())
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}
