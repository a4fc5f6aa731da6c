//! The application's users, for both frameworks.

use std::collections::HashMap;
use std::sync::Arc;

use auth_core::jwt::JwtVerifierBuilder;
use auth_core::{JwtVerifier, UserLookup, UserStore, VerifiedToken};
use auth_issuer::{
    Account, AccountStore, Algorithm, Passwords, Scope, SigningKey, StoreFailure, TokenEndpoint, TokenIssuer,
    async_trait,
};
use serde::Serialize;

pub const ITEMS: Scope = Scope::from_static("items");

#[derive(Clone, Serialize)]
pub struct User {
    pub username: String,
    pub full_name: String,
}

pub struct Row {
    pub user: User,
    pub password_hash: String,
    pub roles: Vec<String>,
    pub disabled: bool,
}

pub struct Users(pub HashMap<String, Row>); // or a pool of connections

type Error = Box<dyn std::error::Error>;

#[async_trait]
impl UserStore for Users {
    type User = User;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
        Ok(match self.0.get(token.subject()) {
            Some(row) if row.disabled => UserLookup::Inactive, // 403
            Some(row) => UserLookup::Active(row.user.clone()), // 200
            None => UserLookup::Unknown,                       // 401
        })
    }
}

#[async_trait]
impl AccountStore for Users {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.0.get(username).map(|row| {
            Account::new(&row.user.username)
                .password_hash(&row.password_hash)
                .active(!row.disabled)
                .scopes([ITEMS])
                .claim("roles", &row.roles) // what `Policy::role` asks
        }))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        self.by_username(subject).await // here the name is the subject too
    }
}

pub fn token_endpoint(secret: &[u8], users: Arc<Users>) -> Result<TokenEndpoint, Error> {
    let key = SigningKey::secret(Algorithm::Hs256, secret)?;
    let issuer = TokenIssuer::builder("https://issuer.example", key).build()?;
    let endpoint = TokenEndpoint::builder(issuer, users)
        .audience("https://api.example")
        .unnamed_client("web") // for whoever sends no client_id, as most login pages
        .build()?;
    Ok(endpoint)
}

/// What is expected of tokens; tests expect the same.
pub fn settings(verifier: JwtVerifierBuilder) -> JwtVerifierBuilder {
    let verifier = verifier.issuer("https://issuer.example").audience("https://api.example");
    verifier.require_access_token_type() // a token of another kind is none for this API
}

pub fn verifier(secret: &[u8]) -> Result<JwtVerifier, Error> {
    Ok(settings(JwtVerifier::builder()).secret(Algorithm::Hs256, secret).build()?)
}

pub async fn demo_users() -> Result<Arc<Users>, Error> {
    let password_hash = Passwords::new()?.hash("wonderland").await?;
    let row = |username: &str, roles: &[&str], disabled| {
        let user = User { username: username.to_owned(), full_name: format!("{username} Liddell") };
        let roles = roles.iter().copied().map(str::to_owned).collect();
        (username.to_owned(), Row { user, password_hash: password_hash.clone(), roles, disabled })
    };
    let rows = [row("alice", &[], false), row("edith", &["admin"], false), row("dave", &[], true)];
    Ok(Arc::new(Users(rows.into())))
}
