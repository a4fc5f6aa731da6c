//! Mints a token by hand, to try a running application with curl.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use serde_json::Value;

const HELP: &str = r#"Mints a token that is signed with a shared secret, and prints it.

    AUTH_SECRET=... mint-token --subject alice --scope orders:read

  --subject NAME      whom the token is for (claim `sub`); required
  --scope SCOPES      scopes, separated by spaces; may be given again
  --issuer NAME       claim `iss`; default https://issuer.example
  --audience NAME     claim `aud`; default https://api.example
  --claim NAME=VALUE  any other claim; may be given again. VALUE is JSON if it reads as JSON, else a text:
                      --claim tenant=acme --claim 'roles=["admin"]' --claim 'id="7"'
  --lifetime TIME     such as 90s, 15m, 24h or 7d; default 24h
  --algorithm NAME    HS256, HS384 or HS512; default HS256
  --kid NAME          header parameter `kid`; default none
  --secret-env NAME   the environment variable that holds the secret; default AUTH_SECRET
  --secret-file PATH  the file that holds the secret; - is standard input
  --help              this text

The secret is that of the application. It is never given on the command line, where others on the machine see it. One line
end after it, in a file or on standard input, does not belong to it."#;

/// Claims that have an option of their own, or follow from one.
const NOT_BY_CLAIM: [(&str, &str); 6] = [
    ("sub", "--subject"),
    ("scope", "--scope"),
    ("iss", "--issuer"),
    ("aud", "--audience"),
    ("exp", "--lifetime"),
    ("iat", "--lifetime"),
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() -> ExitCode {
    let printed = match run(env::args_os().skip(1)) {
        Ok(text) => writeln!(io::stdout(), "{text}").map_err(|error| format!("cannot print: {error}")),
        Err(complaint) => Err(complaint),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("mint-token: {complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Returns what to print: a token, or the help.
fn run(arguments: impl Iterator<Item = OsString>) -> Result<String, String> {
    let arguments = arguments
        .map(|argument| argument.into_string().map_err(|_| "an argument is not UTF-8".to_owned()))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return Ok(HELP.to_owned());
    }
    mint(&Options::parse(arguments.into_iter())?)
}

#[derive(Default)]
struct Options {
    subject: Option<String>,
    scopes: Vec<String>,
    issuer: Option<String>,
    audience: Option<String>,
    claims: Vec<(String, Value)>,
    lifetime: Option<Duration>,
    algorithm: Option<Algorithm>,
    kid: Option<String>,
    secret_env: Option<String>,
    secret_file: Option<String>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (argument, None),
            };
            options.take(&name, || {
                let value = attached.or_else(|| arguments.next());
                value.ok_or_else(|| format!("{name} needs a value; see --help"))
            })?;
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: impl FnOnce() -> Result<String, String>) -> Result<(), String> {
        match name {
            "--scope" => self.scopes.push(value()?),
            "--claim" => self.claims.push(claim(&value()?)?),
            "--subject" => once(&mut self.subject, name, value()?)?,
            "--issuer" => once(&mut self.issuer, name, value()?)?,
            "--audience" => once(&mut self.audience, name, value()?)?,
            "--lifetime" => once(&mut self.lifetime, name, lifetime(&value()?)?)?,
            "--algorithm" => once(&mut self.algorithm, name, algorithm(&value()?)?)?,
            "--kid" => once(&mut self.kid, name, value()?)?,
            "--secret-env" => once(&mut self.secret_env, name, value()?)?,
            "--secret-file" => once(&mut self.secret_file, name, value()?)?,
            "--secret" => {
                return Err("others on this machine see what a command line holds: give the secret in the environment \
                            variable AUTH_SECRET, or name another one by --secret-env or a file by --secret-file"
                    .to_owned());
            }
            _ if looks_like_an_option(name) => return Err(format!("there is no option {name}; see --help")),
            // Not repeated, since it may be a secret.
            _ => return Err("there is an argument that is no option; see --help".to_owned()),
        }
        Ok(())
    }

    fn secret(&self) -> Result<Vec<u8>, String> {
        match (&self.secret_env, &self.secret_file) {
            (Some(_), Some(_)) => Err("give --secret-env or --secret-file, not both".to_owned()),
            (None, Some(path)) if path == "-" => {
                let mut secret = Vec::new();
                let read = io::stdin().read_to_end(&mut secret);
                read.map_err(|error| format!("cannot read the secret from standard input: {error}"))?;
                Ok(without_line_end(secret))
            }
            (None, Some(path)) => fs::read(path)
                .map(without_line_end)
                .map_err(|error| format!("cannot read the secret from {path:?}: {error}")),
            (name, None) => {
                let name = name.as_deref().unwrap_or("AUTH_SECRET");
                let secret = env::var_os(name).ok_or_else(|| {
                    // Not repeated, since it may be the secret itself.
                    let name = if looks_like_a_variable(name) { name } else { "that --secret-env names" };
                    format!(
                        "the environment variable {name} is not set: it must hold the secret of the application. \
                         Name another one by --secret-env, or a file by --secret-file"
                    )
                })?;
                let secret = secret.into_string().map(String::into_bytes);
                secret.map_err(|_| format!("the environment variable {name} is not UTF-8: use --secret-file"))
            }
        }
    }
}

fn looks_like_an_option(name: &str) -> bool {
    name.starts_with("--") && name.len() <= 20 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'))
}

fn looks_like_a_variable(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    match place.replace(value) {
        Some(_) => Err(format!("{name} is given twice")),
        None => Ok(()),
    }
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("--claim needs NAME=VALUE, such as --claim tenant=acme")?;
    if let Some((_, option)) = NOT_BY_CLAIM.iter().find(|(claim, _)| *claim == name) {
        return Err(format!("claim `{name}` is set by {option}, not by --claim"));
    }
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))))
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let complaint = || format!("--lifetime {text:?} is no time above zero such as 90s, 15m, 24h or 7d");
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(complaint()),
    };
    let count = digits.parse::<u64>().ok().filter(|count| *count > 0 && !digits.starts_with('+'));
    let seconds = count.and_then(|count| count.checked_mul(unit)).ok_or_else(complaint)?;
    Ok(Duration::from_secs(seconds))
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let by_secret = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    by_secret
        .into_iter()
        .find(|algorithm| algorithm.name() == name)
        .ok_or_else(|| format!("--algorithm {name:?} does not sign with a secret: HS256, HS384 and HS512 do"))
}

fn without_line_end(mut secret: Vec<u8>) -> Vec<u8> {
    if secret.ends_with(b"\n") {
        secret.pop();
        if secret.ends_with(b"\r") {
            secret.pop();
        }
    }
    secret
}

fn mint(options: &Options) -> Result<String, String> {
    let subject =
        options.subject.as_deref().ok_or("whom is the token for? Give --subject NAME; see --help")?;
    let algorithm = options.algorithm.unwrap_or(Algorithm::Hs256);
    let secret = options.secret()?;
    let issuer = options.issuer.as_deref().unwrap_or("https://issuer.example");
    let audience = options.audience.as_deref().unwrap_or("https://api.example");
    // Before anything is signed: what this library would not verify with is no secret to sign with.
    let verifier = JwtVerifier::builder().issuer(issuer).audience(audience).secret(algorithm, &secret);
    let verifier = verifier.build().map_err(|error| error.to_string())?;
    let issuer = TestIssuer::with_secret(algorithm, secret).issuer(issuer).audience(audience);

    let mut token = issuer.token(subject).lifetime(options.lifetime.unwrap_or(DAY));
    token = match &options.kid {
        Some(kid) => token.header("kid", kid.as_str()),
        None => token.without_header("kid"),
    };
    if !options.scopes.is_empty() {
        token = token.scope(&options.scopes.join(" "));
    }
    for (name, value) in &options.claims {
        token = token.claim(name, value.clone());
    }
    let token = token.sign();
    match verifier.verify_jwt(&token) {
        Ok(_) => Ok(token),
        Err(error) => Err(format!("no verifier of this library would accept this token: {error}")),
    }
}
