//! What a WebSocket or an event stream says, and when it ends.

use std::convert::Infallible;
use std::sync::Arc;

use auth_core::{SystemClock, VerifiedToken, websocket};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

/// Tells one browser that its user's items have changed, until its token expires.
#[derive(Debug)]
pub struct Feed {
    owner: Arc<str>,
    changes: Receiver<String>,
    /// `None` for a token that does not expire, such as some API keys.
    ends_at: Option<Instant>,
    greeting: Option<String>,
}

/// What to do next with the connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// Send this text.
    Text(String),
    /// Close it with this code.
    Close {
        /// The code, of which the page knows what to do.
        code: u16,
        /// For people.
        reason: &'static str,
    },
}

impl Feed {
    pub(crate) fn new(token: &VerifiedToken, changes: Receiver<String>) -> Self {
        let ends_at = token.time_left(&SystemClock).map(|time_left| Instant::now() + time_left);
        let owner: Arc<str> = token.subject().into();
        Self { greeting: Some(format!("hello {owner}")), owner, changes, ends_at }
    }

    /// Waits for what comes next. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Next {
        if let Some(greeting) = self.greeting.take() {
            return Next::Text(greeting);
        }
        let expired = async {
            match self.ends_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = expired => Next::Close { code: websocket::EXPIRED, reason: "the token has expired" },
            () = change(&mut self.changes, &self.owner) => Next::Text("items".to_owned()),
        }
    }
}

impl Feed {
    /// The same as server-sent events, the body of `GET /events`. It ends with an event `expired`, when the token does:
    /// `EventSource` then comes back by itself, with the cookie that the page has meanwhile.
    pub fn into_events(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        stream::unfold(Some(self), |feed| async {
            let mut feed = feed?;
            Some(match feed.next().await {
                Next::Text(text) => (Ok(format!("data: {text}\n\n").into()), Some(feed)),
                Next::Close { reason, .. } => {
                    (Ok(format!("event: expired\ndata: {reason}\n\n").into()), None)
                }
            })
        })
    }
}

/// Waits until this owner's items have changed.
async fn change(changes: &mut Receiver<String>, owner: &str) {
    loop {
        match changes.recv().await {
            Ok(changed) if changed == *owner => return,
            Ok(_) => {}
            // Some were missed. They may have been this owner's.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
