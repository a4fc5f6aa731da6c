//! A page that logs in with cookies, on axum: `cargo run --example axum_browser`, then open the address that it prints.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use auth_axum::{AuthResponse, Authenticator, Scoped};
use auth_examples::{announce, asked_to_stop, exit_code, log_to_stderr};
use auth_examples_browser::{App, Feed, MayRead, MayWrite, Next, Reply, Settings, page, script, style};
use auth_issuer::{MAX_BODY_BYTES, SessionAnswer};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, FromRef, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

#[derive(Clone)]
struct AppState(App);

impl FromRef<AppState> for Authenticator {
    fn from_ref(AppState(app): &AppState) -> Self {
        app.auth.clone()
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(async || AuthResponse(page())))
        .route("/page.js", get(async || AuthResponse(script())))
        .route("/page.css", get(async || AuthResponse(style())))
        .route("/login", post(log_in))
        .route("/refresh", post(refresh))
        .route("/logout", post(log_out))
        .route("/items", get(items).post(add))
        .route("/ws", get(live))
        .route("/events", get(events))
        .with_state(AppState(app))
}

async fn log_in(
    State(AppState(app)): State<AppState>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    head: Parts,
    body: Body,
) -> AuthResponse<SessionAnswer> {
    AuthResponse(app.sessions.log_in(&head, whole(body).await.as_deref(), client.ip()).await)
}

async fn refresh(
    State(AppState(app)): State<AppState>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    head: Parts,
) -> AuthResponse<SessionAnswer> {
    AuthResponse(app.sessions.refresh(&head, client.ip()).await)
}

async fn log_out(State(AppState(app)): State<AppState>, head: Parts) -> AuthResponse<SessionAnswer> {
    AuthResponse(app.sessions.log_out(&head).await)
}

async fn items(user: Scoped<MayRead>, State(AppState(app)): State<AppState>) -> AuthResponse<Reply> {
    AuthResponse(app.items(user.token()))
}

async fn add(
    user: Scoped<MayWrite>,
    State(AppState(app)): State<AppState>,
    body: Body,
) -> AuthResponse<Reply> {
    AuthResponse(app.add(user.token(), whole(body).await.as_deref()))
}

/// A handshake that another site's page has started is refused by the extractor.
async fn live(
    user: Scoped<MayRead>,
    State(AppState(app)): State<AppState>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return AuthResponse(Reply::upgrade_required()).into_response() };
    let feed = app.feed(user.token());
    upgrade.on_upgrade(move |socket| converse(socket, feed))
}

/// Any page can ask for it, and only the application's own can read it.
async fn events(user: Scoped<MayRead>, State(AppState(app)): State<AppState>) -> Response {
    let fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")];
    (fields, Body::from_stream(app.feed(user.token()).into_events())).into_response()
}

/// Ends when the token does, or when the browser has gone.
async fn converse(mut socket: WebSocket, mut feed: Feed) {
    loop {
        tokio::select! {
            next = feed.next() => match next {
                Next::Text(text) => if socket.send(Message::Text(text.into())).await.is_err() { return },
                Next::Close { code, reason } => {
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
                    return;
                }
            },
            // Pings are answered by axum, and the page says nothing else.
            said = socket.recv() => if !matches!(said, Some(Ok(_))) { return },
        }
    }
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Body) -> Option<Bytes> {
    to_bytes(body, MAX_BODY_BYTES).await.ok()
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().await {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(Settings { listener, app, lines }: Settings) -> io::Result<()> {
    let stopped = asked_to_stop()?;
    announce(listener.local_addr()?, lines);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // The limits on guessing need the client's address.
    let app = routes(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}
