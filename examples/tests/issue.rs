//! Signs tokens for `interop/issuer`, which has others verify them: keys come in on standard input, tokens and the
//! published JWK Set go out on standard output.

use std::io;
use std::process::ExitCode;

use auth_examples::exit_code;
use auth_issuer::{Algorithm, Scope, SigningKey, TokenIssuer};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Order {
    issuer: String,
    audience: Vec<String>,
    algorithm: String,
    /// A private key in PEM, or a secret for HS256 and its like.
    key: String,
    /// A second key, published as the next one.
    next: Option<String>,
}

fn issue(order: &Order) -> Result<Value, Box<dyn std::error::Error>> {
    let algorithm = Algorithm::from_name(&order.algorithm).ok_or("no such algorithm")?;
    let load = |key: &str| match algorithm.min_secret_bytes() {
        Some(_) => SigningKey::secret(algorithm, key),
        None => SigningKey::pem(algorithm, key),
    };
    let mut builder = TokenIssuer::builder(&order.issuer, load(&order.key)?);
    if let Some(next) = &order.next {
        builder = builder.publish(load(next)?);
    }
    let issuer = builder.build()?;
    let token = || {
        let token = issuer.access_token("alice").client_id("web").claim("roles", ["reader", "writer"]);
        order.audience.iter().fold(token, auth_issuer::AccessToken::audience)
    };
    let scopes = ["orders:read", "orders:write"].map(Scope::from_static);
    let signed = [token().scopes(scopes).sign()?, token().sign()?].map(|signed| {
        json!({ "token": signed.token, "expires_in": signed.expires_in, "token_id": signed.token_id })
    });
    let jwks: Value = serde_json::from_str(issuer.jwks())?;
    Ok(json!({ "jwks": jwks, "signed": signed }))
}

fn main() -> ExitCode {
    let run = || -> Result<(), Box<dyn std::error::Error>> {
        let orders: Vec<Order> = serde_json::from_reader(io::stdin().lock())?;
        let issued = orders.iter().map(issue).collect::<Result<Vec<_>, _>>()?;
        println!("{}", Value::from(issued));
        Ok(())
    };
    exit_code(run())
}
