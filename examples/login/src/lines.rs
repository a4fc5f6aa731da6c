//! What to try.

use std::time::Duration;

use auth_core::Scope;
use auth_examples::{DEMO_LIFETIME, Try};
use serde_json::json;

use crate::login::WEB;
use crate::{ITEMS, Login};

impl Login {
    /// What to try. Without demo accounts nobody can log in until somebody has registered.
    #[must_use]
    pub fn lines(&self) -> Vec<Try> {
        if !self.demo {
            let account = json!({ "email": "carol@example.com" }).to_string();
            return vec![
                Try::get("/", 200),
                Try::get("/users/me", 401),
                Try::get("/docs/", 200),
                Try::get("/register", 202).sends("POST", &account),
            ];
        }
        let token = |subject: &str, scope: Option<Scope>| {
            let draft = self.issuer.access_token(subject).audience(&self.audience).client_id(WEB);
            let lifetime = Duration::from_secs(DEMO_LIFETIME.unsigned_abs());
            // It has all that it needs; where it has not, the lines tell.
            let signed = draft.scopes(scope).lifetime(lifetime).sign();
            signed.map(|signed| format!("Bearer {}", signed.token)).unwrap_or_default()
        };
        let form = |username: &str, password: &str| {
            format!("grant_type=password&username={username}&password={password}")
        };
        let change =
            |current: &str| format!(r#"{{"current_password":"{current}","new_password":"a mad tea-party"}}"#);
        let (alice, bob) = (token("alice", Some(ITEMS)), token("bob", None));
        let mut lines = vec![
            Try::get("/", 200),
            Try::get("/users/me", 401),
            Try::get("/token", 200).form(&form("alice", "wonderland")),
            Try::get("/token", 200).form(&form("alice%40example.com", "wonderland")),
            Try::get("/token", 400).form(&form("alice", "looking-glass")),
            Try::get("/token", 400).form(&form("mallory", "wonderland")),
            Try::get("/token", 400).form(&form("dave", "wonderland")),
            Try::get("/token", 400).form("grant_type=password&username=alice"),
            Try::get("/token", 400).form(&format!("{}&username=bob", form("alice", "wonderland"))),
            Try::get("/token", 400).form("grant_type=client_credentials"),
            Try::get("/token", 400).form("grant_type=refresh_token&refresh_token=invented"),
            Try::get("/token", 400).form(&format!("{}&client_id=unknown", form("alice", "wonderland"))),
            Try::get("/token", 400).sends("POST", "{\"username\":\"alice\"}"),
            Try::get("/", 200).authorization(&alice),
            Try::get("/", 401).authorization("Bearer not.a.token"),
            Try::get("/users/me", 200).authorization(&alice),
            Try::get("/users/me/items", 200).authorization(&alice),
            Try::get("/users/me", 200).authorization(&bob),
            Try::get("/users/me/items", 403).authorization(&bob),
            Try::get("/users/me/items", 403).authorization(&token("bob", Some(ITEMS))),
            Try::get("/users/me/sessions", 200).authorization(&bob),
            Try::get("/users/me/sessions/unknown", 404).method("DELETE").authorization(&alice),
            Try::get("/users/me/password", 422).sends("POST", "{}").authorization(&alice),
            Try::get("/users/me/password", 400).sends("POST", &change("looking-glass")).authorization(&alice),
            Try::get("/revoke", 200).form("token=unknown"),
            Try::get("/revoke", 400).form("token="),
            Try::get("/revoke", 400).form(&format!("token={}", bob.trim_start_matches("Bearer "))),
            Try::get("/users/me", 403).authorization(&token("dave", Some(ITEMS))),
            Try::get("/users/me", 401).authorization(&token("mallory", Some(ITEMS))),
            Try::get("/openapi.json", 200),
            Try::get("/docs", 303),
            Try::get("/docs/", 200),
        ];
        lines.extend(lines_of_mail());
        lines
    }
}

/// The mails that they cause have more lines to try.
fn lines_of_mail() -> Vec<Try> {
    let code = |password: &str| json!({ "email": "carol@example.com", "code": "guess", "password": password, "full_name": "Carol" });
    let reset = json!({ "email": "erin@example.com", "code": "guess", "password": "a mad tea-party" });
    let email = |email: &str| json!({ "email": email });
    let lines = [
        ("/register", email("carol"), 422),
        ("/register", email("carol@example.com"), 202),
        ("/register", email("alice@example.com"), 202),
        ("/verify", code("too short"), 422),
        ("/verify", code("passwordpassword"), 422),
        ("/verify", code("a mad tea-party"), 400),
        ("/forgot-password", email("mallory@example.com"), 202),
        ("/forgot-password", email("erin@example.com"), 202),
        ("/reset-password", reset, 400),
    ];
    lines.map(|(path, form, status)| Try::get(path, status).sends("POST", &form.to_string())).into()
}
