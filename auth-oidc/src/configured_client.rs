//! Who fetches.

use std::sync::Arc;

#[cfg(feature = "client")]
use crate::client::{HttpClient, HttpClientBuilder};
use crate::error::ConnectError;
use crate::fetch::Fetch;

/// Who fetches, as it was configured.
#[derive(Default)]
pub(crate) struct ConfiguredClient {
    /// The application's own client.
    own: Option<Arc<dyn Fetch>>,
    /// What was said of the client of feature `client`.
    #[cfg(feature = "client")]
    settings: Option<HttpClientBuilder>,
}

impl ConfiguredClient {
    pub(crate) fn own(mut self, fetch: impl Fetch) -> Self {
        self.own = Some(Arc::new(fetch));
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn set(self, set: impl FnOnce(HttpClientBuilder) -> HttpClientBuilder) -> Self {
        Self { settings: Some(set(self.settings.unwrap_or_default())), ..self }
    }

    #[cfg(feature = "client")]
    pub(crate) fn build(self) -> Result<Arc<dyn Fetch>, ConnectError> {
        match (self.own, self.settings) {
            (Some(_), Some(_)) => Err(ConnectError::SettingsOfOtherClient),
            (Some(own), None) => Ok(own),
            (None, settings) => {
                let client: HttpClient = settings.unwrap_or_default().build()?;
                Ok(Arc::new(client))
            }
        }
    }

    #[cfg(not(feature = "client"))]
    pub(crate) fn build(self) -> Result<Arc<dyn Fetch>, ConnectError> {
        self.own.ok_or(ConnectError::NoClient)
    }
}
