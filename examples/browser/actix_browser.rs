//! A page that logs in with cookies, on actix-web: `cargo run --example actix_browser`, then open the address that it prints.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpServer, Responder as _};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use auth_actix::{AuthResponse, Head, Scoped};
use auth_examples::{announce, exit_code, log_to_stderr};
use auth_examples_browser::{App, Feed, MayRead, MayWrite, Next, Reply, Settings, page, script, style};
use auth_issuer::{MAX_BODY_BYTES, SessionAnswer};

fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(async || AuthResponse(page())))
        .route("/page.js", web::get().to(async || AuthResponse(script())))
        .route("/page.css", web::get().to(async || AuthResponse(style())))
        .service(web::resource("/login").post(log_in))
        .service(web::resource("/refresh").post(refresh))
        .service(web::resource("/logout").post(log_out))
        .service(web::resource("/items").get(items).post(add))
        .route("/ws", web::get().to(live))
        .route("/events", web::get().to(events));
}

async fn log_in(app: Data<App>, request: HttpRequest, body: Payload) -> AuthResponse<SessionAnswer> {
    let body = whole(body).await;
    AuthResponse(app.sessions.log_in(&Head(&request), body.as_deref(), client_address(&request)).await)
}

async fn refresh(app: Data<App>, request: HttpRequest) -> AuthResponse<SessionAnswer> {
    AuthResponse(app.sessions.refresh(&Head(&request), client_address(&request)).await)
}

async fn log_out(app: Data<App>, request: HttpRequest) -> AuthResponse<SessionAnswer> {
    AuthResponse(app.sessions.log_out(&Head(&request)).await)
}

async fn items(user: Scoped<MayRead>, app: Data<App>) -> AuthResponse<Reply> {
    AuthResponse(app.items(user.token()))
}

async fn add(user: Scoped<MayWrite>, app: Data<App>, body: Payload) -> AuthResponse<Reply> {
    AuthResponse(app.add(user.token(), whole(body).await.as_deref()))
}

/// A handshake that another site's page has started is refused by the extractor.
async fn live(user: Scoped<MayRead>, app: Data<App>, request: HttpRequest, body: Payload) -> HttpResponse {
    let Ok((response, session, messages)) = actix_ws::handle(&request, body) else {
        return AuthResponse(Reply::upgrade_required()).respond_to(&request);
    };
    actix_web::rt::spawn(converse(session, messages, app.feed(user.token())));
    response
}

/// Any page can ask for it, and only the application's own can read it.
async fn events(user: Scoped<MayRead>, app: Data<App>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("Content-Type", "text/event-stream")).insert_header(("Cache-Control", "no-store"));
    answer.streaming(app.feed(user.token()).into_events())
}

/// Ends when the token does, or when the browser has gone.
async fn converse(mut session: Session, mut messages: MessageStream, mut feed: Feed) {
    loop {
        tokio::select! {
            next = feed.next() => match next {
                Next::Text(text) => if session.text(text).await.is_err() { return },
                Next::Close { code, reason } => {
                    let reason = CloseReason { code: CloseCode::from(code), description: Some(reason.to_owned()) };
                    let _ = session.close(Some(reason)).await;
                    return;
                }
            },
            said = messages.recv() => match said {
                Some(Ok(Message::Ping(bytes))) => if session.pong(&bytes).await.is_err() { return },
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    let _ = session.close(None).await;
                    return;
                }
                // The page says nothing else.
                Some(Ok(_)) => {}
            },
        }
    }
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Payload) -> Option<Bytes> {
    body.to_bytes_limited(MAX_BODY_BYTES).await.ok().and_then(Result::ok)
}

fn client_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().await {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

/// Ctrl-C and SIGTERM are looked after by actix, from when the server is first polled.
async fn serve(Settings { listener, app, lines }: Settings) -> io::Result<()> {
    let address = listener.local_addr()?;
    let (auth, app) = (app.auth.clone(), Data::new(app));
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(auth.clone()).app_data(app.clone()).configure(routes)
    });
    let server = server.listen(listener)?;
    actix_web::rt::spawn(async move { announce(address, lines) });
    server.run().await
}
