#![doc = include_str!("../README.md")]

mod format;
mod hash;
mod key;
mod keys;
mod last_used;
mod memory;
mod new_key;
mod standing;
mod store;
mod verdict;

pub use auth_core::{Scope, StoreFailure, async_trait};

pub use crate::format::InvalidKeyPrefix;
pub use crate::key::{ApiKey, ApiKeyRecord, MintedKey};
pub use crate::keys::{ApiKeys, ApiKeysUnavailable};
pub use crate::memory::MemoryApiKeys;
pub use crate::new_key::{MintError, NewApiKey};
pub use crate::store::{ApiKeyStore, KeyOwner};
