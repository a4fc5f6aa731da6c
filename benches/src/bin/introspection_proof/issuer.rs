//! An issuer that takes its time, and counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_oidc::{Introspection, Oidc, OidcVerifier};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long it takes to answer.
const LATENCY: Duration = Duration::from_millis(50);

pub(crate) const AUDIENCE: &str = "https://api.example";

#[derive(Default)]
pub(crate) struct Counts {
    /// How often it was asked about a token.
    pub(crate) asked: AtomicUsize,
    under_way: AtomicUsize,
    /// The most questions at a time.
    pub(crate) peak: AtomicUsize,
    /// It answers 503.
    pub(crate) is_down: AtomicBool,
}

pub(crate) struct Issuer {
    pub(crate) counts: Arc<Counts>,
    pub(crate) verifier: OidcVerifier,
}

impl Issuer {
    /// Starts, with a verifier that asks it. Tokens that begin with `good` are good.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::<Counts>::default();
        let endpoint = format!("{issuer}/introspect");
        let metadata = Json(json!({ "issuer": issuer, "introspection_endpoint": endpoint }));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(async move || metadata))
            .route("/introspect", post(introspect))
            .with_state(counts.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let introspection =
            Introspection::client_secret_basic("orders-api", "s3cret").introspect_everything();
        let oidc = Oidc::issuer(issuer).audience(AUDIENCE).introspection(introspection);
        let verifier = oidc.connect().await.unwrap();
        Self { counts, verifier }
    }

    pub(crate) fn asked(&self) -> usize {
        self.counts.asked.load(Ordering::SeqCst)
    }
}

async fn introspect(State(counts): State<Arc<Counts>>, form: String) -> (StatusCode, Json<Value>) {
    counts.asked.fetch_add(1, Ordering::SeqCst);
    let under_way = counts.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    counts.peak.fetch_max(under_way, Ordering::SeqCst);
    tokio::time::sleep(LATENCY).await;
    counts.under_way.fetch_sub(1, Ordering::SeqCst);
    if counts.is_down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null));
    }
    let is_good = form.starts_with("token=good");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let answer = if is_good {
        json!({ "active": true, "sub": "alice", "aud": AUDIENCE, "exp": now + 3600, "scope": "orders:read" })
    } else {
        json!({ "active": false })
    };
    (StatusCode::OK, Json(answer))
}

/// Tokens of the length that is usual.
pub(crate) fn good_tokens(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("good_{number:038}")).collect()
}
