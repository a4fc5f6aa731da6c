//! A store that a restart empties.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use auth_core::{StoreFailure, async_trait};

use crate::key::{ApiKey, ApiKeyRecord};
use crate::store::{ApiKeyStore, KeyOwner};

/// Keeps API keys in memory, for tests and examples: a restart forgets them all, and no other process knows them.
#[derive(Default)]
pub struct MemoryApiKeys(Mutex<HashMap<String, ApiKeyRecord>>);

impl MemoryApiKeys {
    fn rows(&self) -> MutexGuard<'_, HashMap<String, ApiKeyRecord>> {
        // No method leaves a row half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ApiKeyStore for MemoryApiKeys {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        let mut rows = self.rows();
        let is_new = !rows.contains_key(&record.key.id);
        if is_new {
            rows.insert(record.key.id.clone(), record);
        }
        Ok(is_new)
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        Ok(self.rows().get(id).cloned())
    }

    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        Ok(self.rows().values().map(|record| &record.key).filter(|key| owner.has(key)).cloned().collect())
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        Ok(self.rows().get_mut(id).is_some_and(|record| revoke(&mut record.key, at)))
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        let mut rows = self.rows();
        let owned = rows.values_mut().map(|record| &mut record.key).filter(|key| owner.has(key));
        Ok(owned.map(|key| u64::from(revoke(key, at))).sum())
    }

    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure> {
        if let Some(record) = self.rows().get_mut(id) {
            record.key.last_used_at = Some(at);
        }
        Ok(())
    }
}

fn revoke(key: &mut ApiKey, at: u64) -> bool {
    let is_first = key.revoked_at.is_none();
    key.revoked_at = key.revoked_at.or(Some(at));
    is_first
}

impl fmt::Debug for MemoryApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryApiKeys")
    }
}
