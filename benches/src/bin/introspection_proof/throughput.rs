//! Opaque tokens that were seen before, against a route that is open.
//!
//! Both routes are of one axum application on a socket. Turns of 100 ms alternate, each with the same requests but for the
//! path, on the same connections; the open route is sent the same header. What counts is the median of the ratios of
//! neighbours.

use std::time::{Duration, Instant};

use auth_axum::{Authenticated, Authenticator};
use auth_benches::median;
use auth_core::TokenVerifier as _;
use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::issuer::{Issuer, good_tokens};
use crate::{Proof, Scale};

/// Of the throughput of the open route.
const LEAST: f64 = 0.9;

const CONNECTIONS: usize = 8;

const TURN: Duration = Duration::from_millis(100);

pub(crate) async fn prove(scale: Scale) -> Proof {
    let issuer = Issuer::start().await;
    let tokens = good_tokens(CONNECTIONS);
    for token in &tokens {
        issuer.verifier.verify(token).await.unwrap();
    }
    let authenticator = Authenticator::new(issuer.verifier.clone());
    let app = Router::new()
        .route("/o", get(async || "Hello alice"))
        .route("/p", get(async |user: Authenticated| format!("Hello {}", user.subject())))
        .with_state(authenticator);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut connections = Vec::new();
    for token in tokens {
        connections.push(Connection { stream: TcpStream::connect(address).await.unwrap(), token });
    }
    let asked = issuer.asked();
    let (mut ratios, mut count) = (Vec::new(), 0);
    for round in 0..scale.rounds {
        let mut rates = [0.0; 2];
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for place in order {
            let path = ["/o", "/p"][place];
            let sent = turn(&mut connections, path).await;
            count += if place == 1 { sent } else { 0 };
            rates[place] = sent as f64;
        }
        ratios.push(rates[1] / rates[0]);
    }
    let ratio = median(ratios);
    let asked = issuer.asked() - asked;
    Proof {
        holds: ratio >= LEAST && asked <= CONNECTIONS,
        figures: format!(
            "{ratio:.3} of an open route (bound {LEAST}), {count} requests, the issuer was asked {asked} times meanwhile"
        ),
    }
}

struct Connection {
    stream: TcpStream,
    token: String,
}

/// How many requests are answered in a turn.
async fn turn(connections: &mut Vec<Connection>, path: &'static str) -> usize {
    let end = Instant::now() + TURN;
    let tasks: Vec<_> = connections
        .drain(..)
        .map(|mut connection| {
            tokio::spawn(async move {
                let mut sent = 0;
                while Instant::now() < end {
                    connection.ask(path).await;
                    sent += 1;
                }
                (connection, sent)
            })
        })
        .collect();
    let mut all = 0;
    for task in tasks {
        let (connection, sent) = task.await.unwrap();
        connections.push(connection);
        all += sent;
    }
    all
}

impl Connection {
    async fn ask(&mut self, path: &str) {
        let token = &self.token;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 1024];
        let mut length = 0;
        while !answer.get(..length).unwrap().ends_with(b"Hello alice") {
            let read = self.stream.read(answer.get_mut(length..).unwrap()).await.unwrap();
            assert!(read > 0, "the answer is not 200");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
    }
}
