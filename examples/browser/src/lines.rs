//! What to try.

use std::time::Duration;

use auth_api_keys::{ApiKeys, NewApiKey};
use auth_examples::{DEMO_LIFETIME, Try, demo};
use auth_issuer::{TokenEndpoint, TokenIssuer};

use crate::app::{PAGES, text};
use crate::{READ, WRITE};

const LOGIN: &str = "username=alice&password=wonderland";

/// What a browser says of a request that the application's own page has sent.
trait SentByOwnPage {
    fn sent_by_own_page(self) -> Self;
}

impl SentByOwnPage for Try {
    fn sent_by_own_page(self) -> Self {
        self.field("Sec-Fetch-Site", "same-origin")
    }
}

/// Without demo accounts nobody can log in. Lines with a refresh token do what they say once.
pub(crate) async fn lines(
    endpoint: &TokenEndpoint,
    issuer: &TokenIssuer,
    audience: &str,
    keys: &ApiKeys,
) -> Result<Vec<Try>, String> {
    let mut lines = vec![
        Try::get("/", 200),
        Try::get("/page.js", 200),
        Try::get("/page.css", 200),
        Try::get("/items", 401),
        Try::get("/login", 403).form(LOGIN),
        Try::get("/refresh", 401).method("POST").sent_by_own_page(),
        Try::get("/logout", 204).method("POST").sent_by_own_page(),
    ];
    if !demo()? {
        return Ok(lines);
    }
    let lifetime = Duration::from_secs(DEMO_LIFETIME.unsigned_abs());
    let access = |subject: &str, scopes: &[_]| {
        let draft = issuer.access_token(subject).audience(audience).client_id(PAGES);
        let signed = draft.scopes(scopes.iter().cloned()).lifetime(lifetime).sign().map_err(text)?;
        Ok::<_, String>(format!("__Host-access={}", signed.token))
    };
    let (alice, bob) = (access("alice", &[READ, WRITE])?, access("bob", &[READ])?);
    let tokens = endpoint.refresh_tokens().ok_or("the endpoint has no refresh tokens")?;
    let mut logins = Vec::new();
    for _ in 0..3 {
        let token = tokens.issue("alice", PAGES, [READ, WRITE], None).await.map_err(text)?;
        logins.push(format!("__Host-refresh={token}"));
    }
    let [to_refresh, to_end, to_keep] = logins.as_slice() else { return Ok(lines) };
    let key = NewApiKey::for_client("nightly-export").scopes([READ]).lifetime(lifetime);
    let key = keys.mint(key).await.map_err(text)?;
    let key = key.as_str();
    let json = r#"{"username":"alice","password":"wonderland"}"#;
    let items = |status| Try::get("/items", status);

    // The page: a login, its cookies, and what other sites cannot do with them.
    lines.extend([
        Try::get("/login", 200).form(LOGIN).sent_by_own_page(),
        Try::get("/login", 200).sends("POST", json).sent_by_own_page(),
        Try::get("/login", 400).form(&LOGIN.replace("wonderland", "looking-glass")).sent_by_own_page(),
        Try::get("/login", 400).form("username=alice").sent_by_own_page(),
        Try::get("/login", 403).form(LOGIN).field("Sec-Fetch-Site", "same-site"),
        Try::get("/login", 403).form(LOGIN).field("Origin", "http://evil.example"),
        items(200).field("Cookie", &alice),
        items(200).field("Cookie", &bob),
        items(401).field("Cookie", "__Host-access=not.a.token"),
        items(303).form("name=a+white+rabbit").field("Cookie", &alice).sent_by_own_page(),
        items(422).form("name=").field("Cookie", &alice).sent_by_own_page(),
        items(403).form("name=a+white+rabbit").field("Cookie", &bob).sent_by_own_page(),
        items(403).form("name=spam").field("Cookie", &alice),
        items(403).form("name=spam").field("Cookie", &alice).field("Sec-Fetch-Site", "same-site"),
        items(403).form("name=spam").field("Cookie", &alice).field("Origin", "null"),
        Try::get("/ws", 426).field("Cookie", &alice),
        Try::get("/ws", 403)
            .field("Cookie", &alice)
            .field("Connection", "Upgrade")
            .field("Upgrade", "websocket")
            .field("Origin", "http://evil.example"),
        Try::get("/refresh", 200).method("POST").field("Cookie", to_refresh).sent_by_own_page(),
        Try::get("/refresh", 401)
            .method("POST")
            .field("Cookie", "__Host-refresh=invented")
            .sent_by_own_page(),
        Try::get("/refresh", 400)
            .method("POST")
            .field("Cookie", &format!("{to_keep}; {to_keep}"))
            .sent_by_own_page(),
        Try::get("/refresh", 403).method("POST").field("Cookie", to_keep),
        Try::get("/logout", 403).method("POST").field("Cookie", to_keep),
        Try::get("/logout", 204).method("POST").field("Cookie", to_end).sent_by_own_page(),
        Try::get("/refresh", 401).method("POST").field("Cookie", to_end).sent_by_own_page(),
    ]);
    // Programs: an API key in any of three places, but in one of them only.
    let token = alice.trim_start_matches("__Host-access=");
    lines.extend([
        items(200).field("X-API-Key", key),
        items(200).authorization(&format!("Bearer {key}")),
        items(200).user(&format!("nightly-export:{key}")),
        items(403).form("name=a+white+rabbit").field("X-API-Key", key),
        items(401).field("X-API-Key", &key.to_ascii_uppercase()),
        items(401).user("nightly-export:a-guess"),
        items(400).field("X-API-Key", key).field("Cookie", &alice),
        items(200).authorization(&format!("Bearer {token}")),
        Try::get(format!("/items?access_token={token}"), 401),
        Try::get(format!("/items?access_token={token}"), 400).field("Cookie", &alice),
    ]);
    Ok(lines)
}
