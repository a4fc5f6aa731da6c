//! Accounts, items, logins and one-time codes in SQLite.

mod logins;
mod schema;

use std::fmt;
use std::io;
use std::sync::Arc;

use auth_core::{Clock, Scope, StoreFailure, SystemClock, UserLookup, UserStore, VerifiedToken, async_trait};
use auth_examples::demo;
use auth_examples_rbac::Database;
use auth_issuer::{Account, AccountStore, Passwords};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{OptionalExtension as _, Row, Transaction};

use crate::codes::{self, Code, Purpose};
use crate::{ITEMS, Item, User};

const DATABASE: &str = "login.sqlite";
/// The password of all demo accounts. Shorter than a new one may be, like passwords that were stored before.
const DEMO_PASSWORD: &str = "wonderland";

/// Users, and what belongs to them.
#[derive(Clone)]
pub struct Db {
    database: Database,
    clock: Arc<dyn Clock>,
}

/// Who owns an e-mail address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// No account has it.
    Nobody,
    /// An account that may log in.
    Active,
    /// An account that may no longer log in.
    Inactive,
}

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
        let fill =
            |transaction: &Transaction<'_>| if demo { schema::fill(transaction, &hash) } else { Ok(()) };
        let database = schema::with_steps(fill, |steps| Database::from_env(DATABASE, steps))?;
        Ok(Self { database, clock: Arc::new(SystemClock) })
    }

    /// What somebody has.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], if the database cannot tell.
    pub async fn items(&self, owner: String) -> Result<Vec<Item>, StoreFailure> {
        let items = self.database.run(move |db| {
            let mut query = db.prepare("SELECT name FROM items WHERE owner = ?1 ORDER BY name")?;
            query.query_map([owner], |row| Ok(Item { name: row.get("name")? }))?.collect()
        });
        items.await
    }

    #[cfg(test)]
    pub(crate) fn open(
        path: &std::path::Path,
        clock: impl Clock + 'static,
        hash: &str,
    ) -> Result<Self, String> {
        let fill = |transaction: &Transaction<'_>| schema::fill(transaction, hash);
        let database = schema::with_steps(fill, |steps| Database::open(path, steps));
        Ok(Self { database: database.map_err(|error| error.to_string())?, clock: Arc::new(clock) })
    }

    #[cfg(test)]
    pub(crate) async fn user_of(&self, username: &str) -> Result<Option<User>, StoreFailure> {
        Ok(self.account(username).await?.map(|(_, user, _)| user))
    }

    /// Returns how many rows were written so far.
    #[cfg(test)]
    pub(crate) async fn changes(&self) -> u64 {
        self.database.run(|db| Ok(db.total_changes())).await.unwrap()
    }
}

impl Db {
    pub(crate) fn now(&self) -> Result<u64, StoreFailure> {
        Ok(self.clock.now().ok_or_else(|| io::Error::other("the clock does not know the time"))?)
    }

    /// Returns the id of the account with this id or e-mail address.
    pub(crate) async fn id_of(&self, username: &str) -> Result<Option<String>, StoreFailure> {
        Ok(self.account(username).await?.map(|(_, user, _)| user.id))
    }

    /// Takes an id or an address. They cannot be confused, since ids contain no `@`.
    async fn account(&self, username: &str) -> Result<Option<(Account, User, u64)>, StoreFailure> {
        self.find(Some(username.to_owned()), Some(username.trim().to_ascii_lowercase())).await
    }

    pub(crate) async fn password_hash(&self, id: &str) -> Result<Option<String>, StoreFailure> {
        let id = id.to_owned();
        let found = self.database.run(move |db| {
            db.query_row("SELECT password_hash FROM accounts WHERE id = ?1", [id], |row| row.get(0))
                .optional()
        });
        found.await
    }

    /// Sets a password, ends all logins, and refuses all access tokens that were issued until now. Returns the second from
    /// which on new tokens are accepted. Changes nothing and returns `None` if the old hash is no longer stored.
    pub(crate) async fn change_password(
        &self,
        id: &str,
        old: String,
        new: String,
    ) -> Result<Option<u64>, StoreFailure> {
        let (id, db) = (id.to_owned(), self.clone());
        let changed = self.database.transact(move |transaction| {
            let update = "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
            if transaction.execute(update, [&id, &old, &new])? == 0 {
                return Ok(None);
            }
            db.end_everything_before_now(transaction, &id).map(Some)
        });
        changed.await
    }

    /// Like [`change_password`](Self::change_password), but spends a code. Changes nothing and returns `None` if the code is
    /// not valid, or the account is not active. Returns the account's id, too.
    pub(crate) async fn reset_password(
        &self,
        email: &str,
        code: Code,
        new: String,
    ) -> Result<Option<(String, u64)>, StoreFailure> {
        let (email, db) = (email.to_owned(), self.clone());
        let changed = self.database.transact(move |transaction| {
            if !codes::spend(transaction, Purpose::ResetPassword, &email, &code, db.now()?)? {
                return Ok(None);
            }
            let update = "UPDATE accounts SET password_hash = ?2 WHERE email = ?1 AND active RETURNING id";
            let id =
                transaction.query_row(update, [&email, &new], |row| row.get::<_, String>(0)).optional()?;
            let Some(id) = id else { return Ok(None) };
            let second = db.end_everything_before_now(transaction, &id)?;
            Ok(Some((id, second)))
        });
        changed.await
    }

    /// Stores a code for an address if its owner is `is_for`, and for nobody otherwise. Returns who owns the address.
    pub(crate) async fn issue_code(
        &self,
        purpose: Purpose,
        email: &str,
        code: Code,
        is_for: Owner,
    ) -> Result<Owner, StoreFailure> {
        let (email, db) = (email.to_owned(), self.clone());
        let issued = self.database.transact(move |transaction| {
            let owner = owner(transaction, &email)?;
            let address = (owner == is_for).then_some(&*email);
            codes::issue(transaction, purpose, address, &code, db.now()?)?;
            Ok(Some(owner))
        });
        Ok(issued.await?.unwrap_or(Owner::Nobody))
    }

    /// Spends a code and creates an account. Changes nothing and returns `None` if the code is not valid, or if the address
    /// got an account meanwhile.
    pub(crate) async fn register(
        &self,
        email: &str,
        code: Code,
        full_name: String,
        password_hash: String,
    ) -> Result<Option<User>, StoreFailure> {
        let user = User { id: new_id()?, email: Some(email.to_owned()), full_name, scopes: vec![ITEMS] };
        let db = self.clone();
        let registered = self.database.transact(move |transaction| {
            let email = user.email.as_deref().unwrap_or_default();
            if !codes::spend(transaction, Purpose::Register, email, &code, db.now()?)? {
                return Ok(None);
            }
            let insert = "INSERT INTO accounts (id, email, full_name, password_hash, scopes, active)
                VALUES (?1, ?2, ?3, ?4, ?5, TRUE) ON CONFLICT DO NOTHING";
            let scopes = user.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
            let row = (&user.id, email, &user.full_name, password_hash, scopes);
            let is_new = transaction.execute(insert, row)? == 1;
            Ok(is_new.then_some(user))
        });
        registered.await
    }

    /// Ends all logins of an account, voids its codes, and refuses its access tokens up to this second. Returns the next
    /// second.
    ///
    /// Call it in the transaction that sets a password. A login with the old password was either stored before, and ends
    /// here, or it is refused, since `TokenEndpoint` looks the account up again at the end.
    ///
    /// Claim `iat` has whole seconds, so all tokens of this second are refused. No token for the old password is issued
    /// later: all requests share this connection, so they read the old hash before this transaction began. If you have
    /// several servers, refuse older tokens again after the transaction. If logins are stored elsewhere, call
    /// `RefreshTokens::end_all_logins` before that.
    fn end_everything_before_now(
        &self,
        transaction: &Transaction<'_>,
        id: &str,
    ) -> Result<u64, StoreFailure> {
        let next_second = self.now()?.saturating_add(1);
        let update = "UPDATE accounts SET tokens_since = max(tokens_since, ?2) WHERE id = ?1 RETURNING email";
        let email: Option<String> =
            transaction.query_row(update, (id, seconds(next_second)), |row| row.get(0))?;
        if let Some(email) = email {
            codes::void(transaction, Purpose::ResetPassword, &email)?;
        }
        transaction.execute("DELETE FROM logins WHERE subject = ?1", [id])?;
        Ok(next_second)
    }

    /// Finds an account by its id or its address. Returns also its user, and the second from which on its tokens are valid.
    async fn find(
        &self,
        id: Option<String>,
        email: Option<String>,
    ) -> Result<Option<(Account, User, u64)>, StoreFailure> {
        let found = self.database.run(move |db| {
            let query = "SELECT * FROM accounts WHERE id = ?1 OR email = ?2";
            db.query_row(query, [id, email], |row| {
                let user = User {
                    id: row.get("id")?,
                    email: row.get("email")?,
                    full_name: row.get("full_name")?,
                    scopes: scopes(row)?,
                };
                let account = Account::new(&user.id)
                    .password_hash(row.get::<_, String>("password_hash")?)
                    .active(row.get("active")?)
                    .scopes(scopes(row)?);
                Ok((account, user, moment(row, "tokens_since")?))
            })
            .optional()
        });
        found.await
    }
}

/// For `/token`: who may log in.
#[async_trait]
impl AccountStore for Db {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.account(username).await?.map(|(account, ..)| account))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.find(Some(subject.to_owned()), None).await?.map(|(account, ..)| account))
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        let row = [subject, old, new].map(str::to_owned);
        let update = "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
        self.database.run(move |db| db.execute(update, row)).await?;
        Ok(())
    }
}

/// For everything else: who is behind a token. A token that was issued before the password changed is refused.
#[async_trait]
impl UserStore for Db {
    type User = User;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
        Ok(match self.find(Some(token.subject().to_owned()), None).await? {
            // Also a token that does not say when it was issued.
            Some((.., since)) if token.issued_at().is_none_or(|at| at < since) => UserLookup::Unknown,
            Some((account, user, _)) if account.is_active() => UserLookup::Active(user),
            Some(_) => UserLookup::Inactive,
            None => UserLookup::Unknown,
        })
    }
}

fn owner(transaction: &Transaction<'_>, email: &str) -> rusqlite::Result<Owner> {
    let query = "SELECT active FROM accounts WHERE email = ?1";
    let is_active = transaction.query_row(query, [email], |row| row.get(0)).optional()?;
    Ok(match is_active {
        Some(true) => Owner::Active,
        Some(false) => Owner::Inactive,
        None => Owner::Nobody,
    })
}

/// Returns a new id. It is never that of another account, not even of a deleted one.
fn new_id() -> Result<String, StoreFailure> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}

/// Seconds since 1970, as SQLite's integers have a sign.
pub(crate) fn seconds(moment: u64) -> i64 {
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
