//! A store of logins in memory.

#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use auth_issuer::{Login, RefreshRecord, RefreshTokenStore, SpentToken, StoreFailure, async_trait};

#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    pub records: HashMap<String, RefreshRecord>,
    pub fails: bool,
    /// What was read still works.
    pub writing_fails: bool,
    /// What another request does just before the next token is rotated.
    pub before_rotation: Option<Meanwhile>,
}

type Meanwhile = Box<dyn FnOnce(&mut State) + Send>;

impl Memory {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn reading(&self) -> Result<MutexGuard<'_, State>, StoreFailure> {
        let state = self.state();
        if state.fails { Err(io::Error::other("down").into()) } else { Ok(state) }
    }

    fn writing(&self) -> Result<MutexGuard<'_, State>, StoreFailure> {
        let state = self.reading()?;
        if state.writing_fails { Err(io::Error::other("full").into()) } else { Ok(state) }
    }
}

#[async_trait]
impl RefreshTokenStore for Memory {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        self.writing()?.records.insert(record.login.id.clone(), record);
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshRecord>, StoreFailure> {
        Ok(self.reading()?.records.get(id).cloned())
    }

    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure> {
        let mut state = self.writing()?;
        if let Some(other) = state.before_rotation.take() {
            other(&mut state);
        }
        let Some(record) = state.records.get_mut(id).filter(|record| record.current == spent.token_hash)
        else {
            return Ok(false);
        };
        record.current = next.to_owned();
        record.previous = Some(spent);
        Ok(true)
    }

    async fn logins(&self, subject: &str) -> Result<Vec<Login>, StoreFailure> {
        let state = self.reading()?;
        let logins = state.records.values().map(|record| record.login.clone());
        Ok(logins.filter(|login| login.subject == subject).collect())
    }

    async fn end(&self, id: &str) -> Result<(), StoreFailure> {
        self.writing()?.records.remove(id);
        Ok(())
    }

    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure> {
        self.writing()?.records.retain(|_, record| record.login.subject != subject);
        Ok(())
    }
}
