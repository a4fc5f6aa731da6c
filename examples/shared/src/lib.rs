//! What the examples share and what is not their point: settings from the environment, and the lines
//! to try.

use std::env;
use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use auth_core::{Algorithm, Authenticator, JwtVerifier};
pub use auth_testing::TestIssuer;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const LISTEN: &str = "127.0.0.1:3000";
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";

/// How long the tokens in the lines to try live, in seconds.
pub const DEMO_LIFETIME: i64 = 24 * 60 * 60;

/// What the environment says:
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `AUTH_LISTEN` | address and port; port 0 takes a free one | `127.0.0.1:3000` |
/// | `AUTH_ISSUER` | claim `iss` of accepted tokens | `https://issuer.example` |
/// | `AUTH_AUDIENCE` | claim `aud` of accepted tokens | `https://api.example` |
/// | `AUTH_SECRET` | secret for HS256, 32 bytes or more | a random one |
/// | `AUTH_SECRET_ALGORITHM` | `HS384` (48 bytes) or `HS512` (64 bytes) instead | `HS256` |
/// | `AUTH_JWKS_FILE` | a JWK Set of public keys, instead of a secret | |
/// | `AUTH_DATABASE` | the SQLite file of the examples that have one | `orders.sqlite`, `login.sqlite` |
/// | `AUTH_DEMO` | `1` for demo accounts and tokens, although a secret, keys or a database are set | see [`demo`] |
#[derive(Debug)]
pub struct Settings {
    /// Where to listen; bound already.
    pub listener: TcpListener,
    /// Accepts the tokens that the environment says.
    pub authenticator: Authenticator,
    /// Signs the tokens in the lines to try. `None` without [`demo`], and if public keys were given: then only the
    /// identity provider can sign.
    demo_issuer: Option<TestIssuer>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn from_env() -> Result<Self, String> {
        let Parties { issuer, audience } = Parties::from_env()?;
        let verifier = JwtVerifier::builder().issuer(&issuer).audience(&audience);
        let (algorithm, demo) = (secret_algorithm()?, demo()?);

        let (verifier, demo_issuer) = match (variable("AUTH_SECRET")?, variable("AUTH_JWKS_FILE")?) {
            (Some(_), Some(_)) => {
                return Err("AUTH_SECRET and AUTH_JWKS_FILE are both set: unset one of them".to_owned());
            }
            (None, Some(path)) => (verifier.jwks_file(path), None),
            (Some(secret), None) => {
                let demo_issuer = TestIssuer::with_secret(algorithm, secret.as_bytes());
                (verifier.secret(algorithm, secret), Some(demo_issuer))
            }
            (None, None) => {
                let demo_issuer = TestIssuer::new(algorithm);
                (verifier.jwk(demo_issuer.jwk().to_string()), Some(demo_issuer))
            }
        };
        let verifier = verifier.build().map_err(|error| error.to_string())?;
        Ok(Self {
            listener: listener()?,
            authenticator: Authenticator::new(verifier),
            demo_issuer: demo_issuer.filter(|_| demo).map(|demo| demo.issuer(issuer).audience(audience)),
        })
    }

    /// Prints where the server listens and what to try. Call it once connections are accepted.
    pub fn announce(&self, address: SocketAddr, lines: impl FnOnce(Option<&TestIssuer>) -> Vec<Try>) {
        announce(address, lines(self.demo_issuer.as_ref()));
    }

    /// The same with lines of any kind, which hold the address.
    ///
    /// # Errors
    ///
    /// If the address that it listens on cannot be told.
    pub fn announce_lines(&self, lines: impl FnOnce(Option<&TestIssuer>) -> Vec<String>) -> io::Result<()> {
        print(self.listener.local_addr()?, &lines(self.demo_issuer.as_ref()));
        Ok(())
    }
}

/// Prints where the server listens and what to try. Call it once connections are accepted.
pub fn announce(address: SocketAddr, lines: Vec<Try>) {
    print(address, &lines.into_iter().map(|line| line.at(address)).collect::<Vec<_>>());
}

fn print(address: SocketAddr, lines: &[String]) {
    println!("listening on http://{address}");
    println!("\nTry, in another terminal:");
    for line in lines {
        println!("{line}");
    }
    if demo() == Ok(false) {
        println!(
            "(AUTH_DEMO=1 adds demo accounts to a new database, and demo tokens to these lines if the secret is known)"
        );
    }
    println!("\nCtrl-C stops it.");
}

/// Who issues tokens, and for whom.
#[derive(Debug)]
pub struct Parties {
    /// `AUTH_ISSUER`.
    pub issuer: String,
    /// `AUTH_AUDIENCE`.
    pub audience: String,
}

impl Parties {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn from_env() -> Result<Self, String> {
        Ok(Self {
            issuer: variable("AUTH_ISSUER")?.unwrap_or_else(|| ISSUER.to_owned()),
            audience: variable("AUTH_AUDIENCE")?.unwrap_or_else(|| AUDIENCE.to_owned()),
        })
    }
}

/// Binds the address in `AUTH_LISTEN`.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn listener() -> Result<TcpListener, String> {
    let listen = variable("AUTH_LISTEN")?.unwrap_or_else(|| LISTEN.to_owned());
    TcpListener::bind(&listen).map_err(|error| {
        format!("cannot listen on {listen}: {error}; set AUTH_LISTEN to another address and port, such as 127.0.0.1:3001")
    })
}

/// A line to try.
#[derive(Debug)]
pub struct Try {
    target: String,
    options: String,
    status: u16,
}

impl Try {
    /// GET of a path, and the status that it gives.
    pub fn get(target: impl Into<String>, status: u16) -> Self {
        Self { target: target.into(), options: String::new(), status }
    }

    /// With a field `Authorization`.
    #[must_use]
    pub fn authorization(self, value: &str) -> Self {
        self.option(&format!("-H 'Authorization: {value}'"))
    }

    /// By another method, with JSON to send.
    #[must_use]
    pub fn sends(self, method: &str, json: &str) -> Self {
        // A quote would end the argument, and the shell would run the rest.
        let json = json.replace('\'', "\\u0027");
        self.option(&format!("-X {method} -H 'Content-Type: application/json' -d '{json}'"))
    }

    /// By another method, with nothing to send.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        self.option(&format!("-X {method}"))
    }

    /// As `POST`, with a form.
    #[must_use]
    pub fn form(self, form: &str) -> Self {
        self.option(&format!("-X POST -H 'Content-Type: application/x-www-form-urlencoded' -d '{form}'"))
    }

    /// Returns the line to paste, for a server at this address.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> String {
        let Self { target, options, status } = self;
        format!("curl -i http://{address}{target}{options} # {status}")
    }

    fn option(mut self, option: &str) -> Self {
        self.options.push(' ');
        self.options.push_str(option);
        self
    }
}

/// What to try of `axum_protected` and `actix_protected`. Only an issuer can mint tokens for it.
pub fn protected_lines(issuer: Option<&TestIssuer>) -> Vec<Try> {
    let mut lines = vec![
        Try::get("/public", 200),
        Try::get("/optional", 200),
        Try::get("/protected", 401),
        Try::get("/protected", 400).authorization("Bearer"),
        Try::get("/protected", 401).authorization("Bearer not.a.token"),
    ];
    if let Some(issuer) = issuer {
        let draft = || issuer.token("alice").scope("orders:read").claim_at("exp", DEMO_LIFETIME);
        let demo = format!("Bearer {}", draft().sign());
        for (path, status) in [("/protected", 200), ("/optional", 200), ("/orders", 200), ("/admin", 403)] {
            lines.push(Try::get(path, status).authorization(&demo));
        }
        let expired = draft().claim_at("exp", -DEMO_LIFETIME).sign();
        lines.push(Try::get("/protected", 401).authorization(&format!("Bearer {expired}")));
    }
    lines
}

/// Logs what `RUST_LOG` asks for, such as `auth_core=debug`, which it is if nothing is asked for: why
/// requests are refused.
pub fn log_to_stderr() {
    let wanted = env::var("RUST_LOG").ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let targets = wanted
        .unwrap_or_else(|| Targets::new().with_default(Level::INFO).with_target("auth_core", Level::DEBUG));
    tracing_subscriber::registry().with(fmt::layer().with_writer(io::stderr)).with(targets).init();
}

/// Ctrl-C or SIGTERM, listened for from now on.
///
/// # Errors
///
/// If the operating system does not let us listen.
#[cfg(unix)]
pub fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C.
///
/// # Errors
///
/// None here.
#[cfg(not(unix))]
pub fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the default action ends the process.
            std::future::pending::<()>().await;
        }
    })
}

/// Ends the process: quietly, or with status 1 and one line on stderr.
pub fn exit_code<E: Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads `AUTH_SECRET_ALGORITHM`.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn secret_algorithm() -> Result<Algorithm, String> {
    let Some(name) = variable("AUTH_SECRET_ALGORITHM")? else { return Ok(Algorithm::Hs256) };
    Algorithm::from_name(&name)
        .filter(|algorithm| algorithm.min_secret_bytes().is_some())
        .ok_or_else(|| format!("AUTH_SECRET_ALGORITHM is {name:?}: use HS256, HS384 or HS512"))
}

/// Returns whether there are demo accounts, whose password everybody knows, and demo tokens, which are good for a day.
///
/// Only if nothing was set that they could do harm to (`AUTH_SECRET`, `AUTH_JWKS_FILE`, `AUTH_DATABASE`), or if
/// `AUTH_DEMO=1` asks for them.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn demo() -> Result<bool, String> {
    match variable("AUTH_DEMO")?.as_deref() {
        Some("1") => Ok(true),
        Some("0") => Ok(false),
        Some(other) => Err(format!("AUTH_DEMO is {other:?}: set it to 1 or 0, or unset it")),
        None => {
            let set = ["AUTH_SECRET", "AUTH_JWKS_FILE", "AUTH_DATABASE"].map(variable);
            Ok(set.into_iter().collect::<Result<Vec<_>, _>>()?.iter().all(Option::is_none))
        }
    }
}

/// Reads an environment variable, `None` if it is not set.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8: set it to a plain text")),
    }
}
