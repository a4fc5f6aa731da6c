//! Accounts and logins in memory. A restart forgets the logins, so everyone has to log in again. `examples/login` has both in
//! a database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_issuer::{
    Account, AccountStore, Login, RefreshRecord, RefreshTokenStore, SpentToken, StoreFailure, async_trait,
};

use crate::{READ, WRITE};

/// The accounts, which never change, and the logins.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    accounts: Arc<HashMap<&'static str, Account>>,
    logins: Arc<Mutex<HashMap<String, RefreshRecord>>>,
}

impl Memory {
    /// Alice may do everything, bob may only look. Both have this password.
    pub(crate) fn with_demo_accounts(password_hash: &str) -> Self {
        let account = |name| Account::new(name).password_hash(password_hash);
        let accounts =
            [("alice", account("alice").scopes([READ, WRITE])), ("bob", account("bob").scopes([READ]))];
        Self { accounts: Arc::new(accounts.into()), logins: Arc::default() }
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<String, RefreshRecord>> {
        // No method leaves a login half changed.
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AccountStore for Memory {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.accounts.get(username).cloned())
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.accounts.get(subject).cloned())
    }
}

#[async_trait]
impl RefreshTokenStore for Memory {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        Self::logins(self).insert(record.login.id.clone(), record);
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshRecord>, StoreFailure> {
        Ok(Self::logins(self).get(id).cloned())
    }

    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure> {
        let mut logins = Self::logins(self);
        let current = logins.get_mut(id).filter(|record| record.current == spent.token_hash);
        let Some(record) = current else { return Ok(false) };
        next.clone_into(&mut record.current);
        record.previous = Some(spent);
        Ok(true)
    }

    async fn logins(&self, subject: &str) -> Result<Vec<Login>, StoreFailure> {
        let logins = Self::logins(self);
        let logins = logins.values().map(|record| &record.login);
        Ok(logins.filter(|login| login.subject == subject).cloned().collect())
    }

    async fn end(&self, id: &str) -> Result<(), StoreFailure> {
        Self::logins(self).remove(id);
        Ok(())
    }

    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure> {
        Self::logins(self).retain(|_, record| record.login.subject != subject);
        Ok(())
    }
}
