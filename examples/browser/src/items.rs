//! What users have, and who is told when it changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::Reply;

const MAX_ITEMS: usize = 100;
const MAX_CHARACTERS: usize = 100;

/// The items of all users. A restart forgets what was added.
#[derive(Debug)]
pub(crate) struct Items {
    by_owner: Mutex<HashMap<String, Vec<String>>>,
    /// Says whose items have changed.
    changes: Sender<String>,
}

#[derive(Deserialize)]
struct Form {
    name: String,
}

impl Items {
    pub(crate) fn new() -> Self {
        let alices = ["a looking-glass", "a pocket watch"].map(str::to_owned).to_vec();
        let by_owner = HashMap::from([("alice".to_owned(), alices)]);
        Self { by_owner: Mutex::new(by_owner), changes: broadcast::channel(64).0 }
    }

    pub(crate) fn list(&self, owner: &str) -> Reply {
        let items = self.all().get(owner).cloned().unwrap_or_default();
        Reply::json(StatusCode::OK, &json!({ "user": owner, "items": items }))
    }

    /// Adds what a form says. `body` is `None` if it is too long.
    pub(crate) fn add(&self, owner: &str, body: Option<&[u8]>) -> Reply {
        let form = body.and_then(|body| serde_urlencoded::from_bytes::<Form>(body).ok());
        let name = form.map(|form| form.name.trim().to_owned()).unwrap_or_default();
        if name.is_empty() || name.chars().count() > MAX_CHARACTERS {
            return Reply::error(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Send a form with one name of 1 to 100 characters",
            );
        }
        let mut by_owner = self.all();
        let items = by_owner.entry(owner.to_owned()).or_default();
        if items.len() >= MAX_ITEMS {
            return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, "There is room for 100 items");
        }
        items.push(name);
        // If nobody listens, nobody has to be told.
        let _ = self.changes.send(owner.to_owned());
        Reply::see_other("/")
    }

    pub(crate) fn changes(&self) -> Receiver<String> {
        self.changes.subscribe()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        // No method leaves a list half changed.
        self.by_owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
