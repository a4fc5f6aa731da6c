//! Where the issuer is asked, once it is known.

use std::sync::{Mutex, PoisonError};

use crate::address::Address;

/// The address of the introspection endpoint: configured, or read in the provider's metadata.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    address: Mutex<Option<Address>>,
    /// What the metadata say does not count.
    is_configured: bool,
}

impl Endpoint {
    pub(crate) fn configured(address: Address) -> Self {
        Self { address: Mutex::new(Some(address)), is_configured: true }
    }

    /// Whether the metadata have to name it.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.is_configured
    }

    pub(crate) fn set(&self, address: Address) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    pub(crate) fn get(&self) -> Option<Address> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
