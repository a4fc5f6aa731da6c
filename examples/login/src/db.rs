//! Accounts, items and logins in SQLite.

use std::fmt;

use auth_core::{Scope, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
use auth_examples::demo;
use auth_examples_rbac::Database;
use auth_issuer::{Account, AccountStore, Login, Passwords, RefreshRecord, RefreshTokenStore, SpentToken};
use rusqlite::{OptionalExtension as _, Row, Transaction};

use crate::{Item, User};

const DATABASE: &str = "login.sqlite";
/// Of all demo accounts.
const DEMO_PASSWORD: &str = "wonderland";

const SCHEMA: &str = "
    CREATE TABLE accounts (
        username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
        scopes TEXT NOT NULL, active INTEGER NOT NULL,
        -- Access tokens that were issued earlier are refused, in seconds since 1970.
        tokens_since INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE items (owner TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE logins (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, label TEXT,
        began_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        current_token TEXT NOT NULL, previous_token TEXT, spent_at INTEGER, sealed_successor TEXT
    );
    CREATE INDEX logins_by_subject ON logins (subject);";
const DEMO_ITEMS: &str = "
    INSERT INTO items VALUES ('alice', 'a looking-glass'), ('alice', 'a pocket watch'), ('bob', 'a hat');";

/// Users, and what belongs to them.
#[derive(Clone)]
pub struct Db(Database);

impl Db {
    /// The file that `AUTH_DATABASE` says, which is created if there is none yet. It has accounts then only if there are
    /// [`demo`] accounts.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub async fn from_env(passwords: &Passwords) -> Result<Self, String> {
        let demo = demo()?;
        let hash = passwords.hash(DEMO_PASSWORD).await.map_err(|error| error.to_string())?;
        let fill = |transaction: &Transaction<'_>| {
            transaction.execute_batch(SCHEMA)?;
            if !demo {
                return Ok(());
            }
            transaction.execute_batch(DEMO_ITEMS)?;
            let insert = "INSERT INTO accounts (username, full_name, password_hash, scopes, active)
                VALUES (?1, ?2, ?3, ?4, ?5)";
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

    async fn account(&self, username: &str) -> Result<Option<(Account, User, u64)>, StoreFailure> {
        let username = username.to_owned();
        let found = self.0.run(move |db| {
            let query = "SELECT * FROM accounts WHERE username = ?1";
            db.query_row(query, [username], |row| {
                let user = User {
                    username: row.get("username")?,
                    full_name: row.get("full_name")?,
                    scopes: scopes(row)?,
                };
                let account = Account::new(&user.username)
                    .password_hash(row.get::<_, String>("password_hash")?)
                    .active(row.get("active")?)
                    .scopes(scopes(row)?);
                Ok((account, user, moment(row, "tokens_since")?))
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

impl Db {
    pub(crate) async fn password_hash(&self, username: &str) -> Result<Option<String>, StoreFailure> {
        let username = username.to_owned();
        let found = self.0.run(move |db| {
            let query = "SELECT password_hash FROM accounts WHERE username = ?1";
            db.query_row(query, [username], |row| row.get(0)).optional()
        });
        found.await
    }

    /// Changes nothing, and returns `false`, if the old hash is not the stored one any more.
    pub(crate) async fn change_password(
        &self,
        username: &str,
        old: String,
        new: String,
    ) -> Result<bool, StoreFailure> {
        let username = username.to_owned();
        let changed = self.0.run(move |db| {
            let update = "UPDATE accounts SET password_hash = ?3 WHERE username = ?1 AND password_hash = ?2";
            db.execute(update, [username, old, new])
        });
        Ok(changed.await? == 1)
    }

    pub(crate) async fn refuse_tokens_before(&self, username: &str, since: u64) -> Result<(), StoreFailure> {
        let username = username.to_owned();
        let update = self.0.run(move |db| {
            let update = "UPDATE accounts SET tokens_since = max(tokens_since, ?2) WHERE username = ?1";
            db.execute(update, (username, seconds(since)))
        });
        update.await?;
        Ok(())
    }
}

/// For `/token`: who may log in.
#[async_trait]
impl AccountStore for Db {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.account(username).await?.map(|(account, ..)| account))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        // Here the name is the subject too, for it never changes.
        self.by_username(subject).await
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        self.change_password(subject, old.to_owned(), new.to_owned()).await?;
        Ok(())
    }
}

/// For everything else: who is behind a token. A token that was issued before the password changed is refused.
#[async_trait]
impl UserStore for Db {
    type User = User;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
        Ok(match self.account(token.subject()).await? {
            // Also a token that does not say when it was issued.
            Some((.., since)) if token.issued_at().is_none_or(|at| at < since) => UserLookup::Unknown,
            Some((account, user, _)) if account.is_active() => UserLookup::Active(user),
            Some(_) => UserLookup::Inactive,
            None => UserLookup::Unknown,
        })
    }
}

#[async_trait]
impl RefreshTokenStore for Db {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        let insert = self.0.run(move |db| {
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
        let found =
            self.0.run(move |db| db.query_row("SELECT * FROM logins WHERE id = ?1", [id], record).optional());
        found.await
    }

    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure> {
        let (id, next) = (id.to_owned(), next.to_owned());
        let rotated = self.0.run(move |db| {
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
        let logins = self.0.run(move |db| {
            let mut query = db.prepare("SELECT * FROM logins WHERE subject = ?1")?;
            query.query_map([subject], login)?.collect()
        });
        logins.await
    }

    async fn end(&self, id: &str) -> Result<(), StoreFailure> {
        let id = id.to_owned();
        self.0.run(move |db| db.execute("DELETE FROM logins WHERE id = ?1", [id])).await?;
        Ok(())
    }

    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure> {
        let subject = subject.to_owned();
        self.0.run(move |db| db.execute("DELETE FROM logins WHERE subject = ?1", [subject])).await?;
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

/// Seconds since 1970, as SQLite's integers have a sign.
fn seconds(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

fn moment(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
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
