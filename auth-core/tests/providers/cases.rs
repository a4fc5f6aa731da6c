//! Providers, each with an access token as it sends them, and with near twins of that.

use auth_core::VerifyError;
use auth_core::jwt::{JwtVerifierBuilder, Provider};
use auth_testing::TestIssuer;
use serde_json::{Map, Value, json};

/// Far from now, so that no clock matters.
const EXP: u64 = 4_102_444_800;

pub(crate) struct Case {
    pub(crate) provider: Provider,
    /// What the application adds.
    pub(crate) set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder,
    pub(crate) typ: Option<&'static str>,
    pub(crate) claims: Value,
    pub(crate) subject: &'static str,
    pub(crate) client: Option<&'static str>,
    pub(crate) role: Option<&'static str>,
    pub(crate) scope: Option<&'static str>,
    /// What is changed, and how the token is refused then. `null` takes a claim away.
    pub(crate) twins: Vec<(&'static str, Value, VerifyError)>,
}

/// A token of the claims, with these changed.
pub(crate) fn token(issuer: &TestIssuer, case: &Case, changed: &Value) -> String {
    let mut header = json!({"alg": issuer.jwk()["alg"], "kid": issuer.jwk()["kid"]});
    if let Some(typ) = case.typ {
        header["typ"] = typ.into();
    }
    let mut claims: Map<String, Value> = case.claims.as_object().unwrap().clone();
    claims.insert("exp".to_owned(), EXP.into());
    for (name, value) in changed.as_object().unwrap() {
        match (name.as_str(), value) {
            ("header typ", Value::Null) => drop(header.as_object_mut().unwrap().remove("typ")),
            ("header typ", typ) => header["typ"] = typ.clone(),
            ("header nonce", nonce) => header["nonce"] = nonce.clone(),
            (_, Value::Null) => drop(claims.remove(name)),
            _ => drop(claims.insert(name.clone(), value.clone())),
        }
    }
    issuer.sign_raw(header.to_string(), Value::from(claims).to_string())
}

fn audience(verifier: JwtVerifierBuilder) -> JwtVerifierBuilder {
    verifier.audience("api")
}

fn nothing(verifier: JwtVerifierBuilder) -> JwtVerifierBuilder {
    verifier
}

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const OTHER_TENANT: &str = "99999999-2222-4333-8444-555555555555";

fn entra_issuer(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

fn keycloak() -> Case {
    Case {
        provider: Provider::keycloak("https://id.example/realms/shop"),
        set: audience,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://id.example/realms/shop", "aud": ["api", "account"], "sub": "5c3a", "typ": "Bearer",
            "azp": "web", "scope": "openid profile", "realm_access": {"roles": ["admin"]}, "iat": 1,
            "resource_access": {"account": {"roles": ["manage-account"]}}, "sid": "s", "acr": "1",
        }),
        subject: "5c3a",
        client: Some("web"),
        role: Some("admin"),
        scope: Some("profile"),
        twins: vec![
            ("ID token", json!({"typ": "ID", "aud": "api"}), VerifyError::UnmetClaim),
            ("no audience mapper", json!({"aud": "account"}), VerifyError::WrongAudience),
            ("other realm", json!({"iss": "https://id.example/realms/other"}), VerifyError::WrongIssuer),
            ("other host", json!({"iss": "http://localhost:8180/realms/shop"}), VerifyError::WrongIssuer),
            ("user without sub", json!({"sub": null}), VerifyError::MissingClaim("sub")),
            ("DPoP", json!({"typ": "DPoP", "cnf": {"jkt": "x"}}), VerifyError::UnmetClaim),
        ],
    }
}

fn auth0() -> Case {
    Case {
        provider: Provider::auth0("https://shop.eu.auth0.com"),
        set: audience,
        typ: Some("at+jwt"),
        claims: json!({
            "iss": "https://shop.eu.auth0.com/", "aud": ["api", "https://shop.eu.auth0.com/userinfo"], "sub": "auth0|7",
            "azp": "web", "scope": "openid read:orders", "permissions": ["read:orders"], "iat": 1,
        }),
        subject: "auth0|7",
        client: Some("web"),
        role: Some("read:orders"),
        scope: Some("read:orders"),
        twins: vec![
            ("ID token", json!({"aud": "web", "header typ": "JWT"}), VerifyError::WrongAudience),
            (
                "userinfo only",
                json!({"aud": "https://shop.eu.auth0.com/userinfo"}),
                VerifyError::WrongAudience,
            ),
            ("no final slash", json!({"iss": "https://shop.eu.auth0.com"}), VerifyError::WrongIssuer),
            ("other tenant", json!({"iss": "https://evil.eu.auth0.com/"}), VerifyError::WrongIssuer),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
        ],
    }
}

fn entra(provider: Provider) -> Case {
    Case {
        provider,
        set: audience,
        typ: Some("JWT"),
        claims: json!({
            "iss": entra_issuer(TENANT), "tid": TENANT, "aud": "api", "sub": "AAAA", "oid": "o", "ver": "2.0",
            "azp": "web", "scp": "Orders.Read Orders.Write", "roles": ["Orders.Admin"], "iat": 1, "nbf": 1,
        }),
        subject: "AAAA",
        client: Some("web"),
        role: Some("Orders.Admin"),
        scope: Some("Orders.Read"),
        twins: vec![
            ("ID token", json!({"aud": "web", "scp": null}), VerifyError::WrongAudience),
            (
                "other tenant",
                json!({"iss": entra_issuer(OTHER_TENANT), "tid": OTHER_TENANT}),
                VerifyError::WrongIssuer,
            ),
            (
                "issuer of another tenant",
                json!({"iss": entra_issuer(OTHER_TENANT)}),
                VerifyError::WrongIssuer,
            ),
            ("tenant id of another", json!({"tid": OTHER_TENANT}), VerifyError::WrongIssuer),
            (
                "v1.0 token",
                json!({"iss": format!("https://sts.windows.net/{TENANT}/"), "ver": "1.0"}),
                VerifyError::WrongIssuer,
            ),
            ("version 1.0", json!({"ver": "1.0"}), VerifyError::UnmetClaim),
            ("Graph", json!({"aud": "00000003-0000-0000-c000-000000000000"}), VerifyError::WrongAudience),
        ],
    }
}

fn cognito() -> Case {
    Case {
        provider: Provider::cognito(
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab",
            ["web"],
        ),
        set: nothing,
        typ: None,
        claims: json!({
            "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab", "sub": "u-1", "client_id": "web",
            "token_use": "access", "scope": "aws.cognito.signin.user.admin", "cognito:groups": ["admins"], "iat": 1,
            "username": "alice", "jti": "j",
        }),
        subject: "u-1",
        client: Some("web"),
        role: Some("admins"),
        scope: Some("aws.cognito.signin.user.admin"),
        twins: vec![
            (
                "ID token",
                json!({"token_use": "id", "aud": "web", "client_id": null, "scope": null}),
                VerifyError::WrongAudience,
            ),
            ("ID token with the client", json!({"token_use": "id", "aud": "web"}), VerifyError::UnmetClaim),
            ("other client of the pool", json!({"client_id": "other"}), VerifyError::WrongAudience),
            (
                "other pool",
                json!({"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Cd"}),
                VerifyError::WrongIssuer,
            ),
            ("no client", json!({"client_id": null}), VerifyError::WrongAudience),
        ],
    }
}

fn okta() -> Case {
    Case {
        provider: Provider::okta("https://shop.okta.com/oauth2/default"),
        set: |verifier| verifier.audience("api://default"),
        typ: None,
        claims: json!({
            "iss": "https://shop.okta.com/oauth2/default", "aud": "api://default", "sub": "alice@shop.example", "ver": 1,
            "cid": "0oa", "uid": "00u", "scp": ["openid", "orders"], "groups": ["Everyone"], "iat": 1, "jti": "AT.x",
        }),
        subject: "alice@shop.example",
        client: Some("0oa"),
        role: Some("Everyone"),
        scope: Some("orders"),
        twins: vec![
            ("ID token", json!({"aud": "0oa", "cid": null, "scp": null}), VerifyError::WrongAudience),
            (
                "org authorization server",
                json!({"iss": "https://shop.okta.com", "aud": "https://shop.okta.com"}),
                VerifyError::WrongIssuer,
            ),
            ("other server", json!({"iss": "https://shop.okta.com/oauth2/aus1"}), VerifyError::WrongIssuer),
            ("other API", json!({"aud": "api://other"}), VerifyError::WrongAudience),
            ("scopes of a wrong type", json!({"scp": {"orders": true}}), VerifyError::InvalidClaim("scp")),
        ],
    }
}

fn google() -> Case {
    Case {
        provider: Provider::google(["1-a.apps.googleusercontent.com"]),
        set: nothing,
        typ: Some("JWT"),
        claims: json!({
            "iss": "accounts.google.com", "aud": "1-a.apps.googleusercontent.com", "sub": "110", "iat": 1,
            "azp": "1-a.apps.googleusercontent.com", "email": "a@shop.example", "email_verified": true,
        }),
        subject: "110",
        client: Some("1-a.apps.googleusercontent.com"),
        role: None,
        scope: None,
        twins: vec![
            ("other client", json!({"aud": "2-b.apps.googleusercontent.com"}), VerifyError::WrongAudience),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
            ("final slash", json!({"iss": "https://accounts.google.com/"}), VerifyError::WrongIssuer),
            ("http", json!({"iss": "http://accounts.google.com"}), VerifyError::WrongIssuer),
            (
                "Firebase's issuer",
                json!({"iss": "https://securetoken.google.com/shop"}),
                VerifyError::WrongIssuer,
            ),
        ],
    }
}

fn firebase() -> Case {
    Case {
        provider: Provider::firebase("shop-1"),
        set: nothing,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://securetoken.google.com/shop-1", "aud": "shop-1", "sub": "u", "user_id": "u", "auth_time": 1,
            "iat": 1, "firebase": {"identities": {}, "sign_in_provider": "password"},
        }),
        subject: "u",
        client: None,
        role: None,
        scope: None,
        twins: vec![
            (
                "other project",
                json!({"iss": "https://securetoken.google.com/shop-2", "aud": "shop-2"}),
                VerifyError::WrongIssuer,
            ),
            ("audience of another project", json!({"aud": "shop-2"}), VerifyError::WrongAudience),
            (
                "session cookie",
                json!({"iss": "https://session.firebase.google.com/shop-1"}),
                VerifyError::WrongIssuer,
            ),
            ("empty subject", json!({"sub": ""}), VerifyError::InvalidClaim("sub")),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
        ],
    }
}

fn supabase() -> Case {
    Case {
        provider: Provider::supabase("https://ref.supabase.co"),
        set: nothing,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://ref.supabase.co/auth/v1", "aud": "authenticated", "sub": "u", "role": "authenticated",
            "aal": "aal1", "session_id": "s", "is_anonymous": false, "iat": 1, "app_metadata": {"provider": "email"},
        }),
        subject: "u",
        client: None,
        role: Some("authenticated"),
        scope: None,
        twins: vec![
            ("anon key", json!({"aud": null, "sub": null, "role": "anon"}), VerifyError::MissingClaim("aud")),
            ("anon audience", json!({"aud": "anon", "role": "anon"}), VerifyError::WrongAudience),
            ("service key", json!({"iss": "supabase", "role": "service_role"}), VerifyError::WrongIssuer),
            ("other project", json!({"iss": "https://other.supabase.co/auth/v1"}), VerifyError::WrongIssuer),
            ("issuer without path", json!({"iss": "https://ref.supabase.co"}), VerifyError::WrongIssuer),
        ],
    }
}

fn clerk() -> Case {
    Case {
        provider: Provider::clerk("https://clerk.shop.example/", ["https://shop.example"]),
        set: nothing,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://clerk.shop.example", "azp": "https://shop.example", "sub": "user_1", "sid": "sess_1", "v": 2,
            "o": {"id": "org_1", "rol": "admin", "slg": "shop"}, "iat": 1, "nbf": 1, "fva": [1, -1],
        }),
        subject: "user_1",
        client: Some("https://shop.example"),
        role: Some("admin"),
        scope: None,
        twins: vec![
            ("other origin", json!({"azp": "https://evil.example"}), VerifyError::WrongAudience),
            ("origin with a slash", json!({"azp": "https://shop.example/"}), VerifyError::WrongAudience),
            ("http origin", json!({"azp": "http://shop.example"}), VerifyError::WrongAudience),
            ("no origin", json!({"azp": null}), VerifyError::WrongAudience),
            ("other instance", json!({"iss": "https://clerk.other.example"}), VerifyError::WrongIssuer),
        ],
    }
}

fn zitadel() -> Case {
    Case {
        provider: Provider::zitadel("https://shop.zitadel.cloud"),
        set: audience,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://shop.zitadel.cloud", "aud": ["api", "client"], "sub": "170", "client_id": "client", "iat": 1,
            "urn:zitadel:iam:org:project:roles": {"admin": {"1700": "shop.zitadel.cloud"}}, "jti": "j",
        }),
        subject: "170",
        client: Some("client"),
        role: Some("admin"),
        scope: None,
        twins: vec![
            ("scope not requested", json!({"aud": ["client"]}), VerifyError::WrongAudience),
            ("other project", json!({"aud": ["other"]}), VerifyError::WrongAudience),
            ("other instance", json!({"iss": "https://other.zitadel.cloud"}), VerifyError::WrongIssuer),
            ("final slash", json!({"iss": "https://shop.zitadel.cloud/"}), VerifyError::WrongIssuer),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
        ],
    }
}

fn authentik() -> Case {
    Case {
        provider: Provider::authentik("https://id.example/application/o/shop"),
        set: audience,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://id.example/application/o/shop/", "aud": "api", "sub": "hash", "azp": "api", "iat": 1,
            "scope": "openid groups", "groups": ["admins"], "uid": "u",
        }),
        subject: "hash",
        client: Some("api"),
        role: Some("admins"),
        scope: Some("groups"),
        twins: vec![
            (
                "other application",
                json!({"iss": "https://id.example/application/o/other/"}),
                VerifyError::WrongIssuer,
            ),
            (
                "no final slash",
                json!({"iss": "https://id.example/application/o/shop"}),
                VerifyError::WrongIssuer,
            ),
            ("other client", json!({"aud": "other"}), VerifyError::WrongAudience),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
            ("global issuer", json!({"iss": "https://id.example/"}), VerifyError::WrongIssuer),
        ],
    }
}

fn logto() -> Case {
    Case {
        provider: Provider::logto("https://shop.logto.app"),
        set: audience,
        typ: Some("at+jwt"),
        claims: json!({
            "iss": "https://shop.logto.app/oidc", "aud": "api", "sub": "u", "client_id": "web", "scope": "read:orders",
            "iat": 1, "jti": "j",
        }),
        subject: "u",
        client: Some("web"),
        role: None,
        scope: Some("read:orders"),
        twins: vec![
            (
                "ID token",
                json!({"header typ": "JWT", "aud": "web", "at_hash": "x"}),
                VerifyError::InvalidHeader("typ"),
            ),
            ("ID token for the API", json!({"header typ": "JWT"}), VerifyError::InvalidHeader("typ")),
            ("no type", json!({"header typ": null}), VerifyError::InvalidHeader("typ")),
            ("other resource", json!({"aud": "other"}), VerifyError::WrongAudience),
            ("other tenant", json!({"iss": "https://other.logto.app/oidc"}), VerifyError::WrongIssuer),
        ],
    }
}

fn workos() -> Case {
    Case {
        provider: Provider::workos("client_01"),
        set: nothing,
        typ: None,
        claims: json!({
            "iss": "https://api.workos.com/user_management/client_01", "sub": "user_01", "sid": "session_01", "iat": 1,
            "org_id": "org_01", "role": "admin", "roles": ["admin"], "permissions": ["orders:read"], "jti": "j",
        }),
        subject: "user_01",
        client: None,
        role: Some("admin"),
        scope: None,
        twins: vec![
            (
                "other environment",
                json!({"iss": "https://api.workos.com/user_management/client_02"}),
                VerifyError::WrongIssuer,
            ),
            ("no issuer", json!({"iss": null}), VerifyError::MissingClaim("iss")),
            ("no subject", json!({"sub": null}), VerifyError::MissingClaim("sub")),
            (
                "other host",
                json!({"iss": "https://auth.example/user_management/client_01"}),
                VerifyError::WrongIssuer,
            ),
            ("bound to a key", json!({"cnf": {"jkt": "x"}}), VerifyError::SenderConstrained),
        ],
    }
}

fn github(provider: Provider) -> Case {
    Case {
        provider,
        set: audience,
        typ: Some("JWT"),
        claims: json!({
            "iss": "https://token.actions.githubusercontent.com", "aud": "api", "sub": "repo:shop/api:ref:refs/heads/main",
            "repository": "shop/api", "repository_id": "74", "repository_owner": "shop", "repository_owner_id": "65",
            "iat": 1, "nbf": 1, "jti": "j",
        }),
        subject: "repo:shop/api:ref:refs/heads/main",
        client: None,
        role: None,
        scope: None,
        twins: vec![
            (
                "name taken over",
                json!({"repository_id": "75", "repository_owner_id": "66"}),
                VerifyError::UnmetClaim,
            ),
            (
                "id as a number",
                json!({"repository_id": 74, "repository_owner_id": 65}),
                VerifyError::UnmetClaim,
            ),
            ("no id", json!({"repository_id": null, "repository_owner_id": null}), VerifyError::UnmetClaim),
            ("default audience", json!({"aud": "https://github.com/shop"}), VerifyError::WrongAudience),
            (
                "other issuer",
                json!({"iss": "https://token.actions.example.ghe.com"}),
                VerifyError::WrongIssuer,
            ),
        ],
    }
}

fn kubernetes() -> Case {
    Case {
        provider: Provider::kubernetes("https://kubernetes.default.svc.cluster.local"),
        set: audience,
        typ: None,
        claims: json!({
            "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["api"], "sub": "system:serviceaccount:shop:web",
            "iat": 1, "nbf": 1, "jti": "j",
            "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "web", "uid": "u"}},
        }),
        subject: "system:serviceaccount:shop:web",
        client: None,
        role: None,
        scope: None,
        twins: vec![
            (
                "for the API server",
                json!({"aud": ["https://kubernetes.default.svc.cluster.local"]}),
                VerifyError::WrongAudience,
            ),
            (
                "legacy secret",
                json!({"iss": "kubernetes/serviceaccount", "aud": null}),
                VerifyError::WrongIssuer,
            ),
            ("other cluster", json!({"iss": "https://oidc.eks.example/id/X"}), VerifyError::WrongIssuer),
            ("no audience", json!({"aud": null}), VerifyError::MissingClaim("aud")),
            ("empty audience", json!({"aud": []}), VerifyError::InvalidClaim("aud")),
        ],
    }
}

fn spring() -> Case {
    Case {
        provider: Provider::spring_authorization_server("https://id.example"),
        set: audience,
        typ: None,
        claims: json!({
            "iss": "https://id.example", "aud": "api", "sub": "alice", "scope": ["openid", "orders"], "iat": 1, "nbf": 1,
            "roles": ["admin"], "jti": "j",
        }),
        subject: "alice",
        client: None,
        role: Some("admin"),
        scope: Some("orders"),
        twins: vec![
            ("ID token", json!({"aud": "web", "azp": "web", "scope": null}), VerifyError::WrongAudience),
            ("other client", json!({"aud": "other"}), VerifyError::WrongAudience),
            ("final slash", json!({"iss": "https://id.example/"}), VerifyError::WrongIssuer),
            ("a scope with a space", json!({"scope": ["openid orders"]}), VerifyError::InvalidClaim("scope")),
            ("a scope that is a number", json!({"scope": ["openid", 1]}), VerifyError::InvalidClaim("scope")),
        ],
    }
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        keycloak(),
        auth0(),
        entra(Provider::entra(TENANT)),
        entra(Provider::entra_multi_tenant([
            TENANT.to_uppercase(),
            "00000000-2222-4333-8444-555555555555".to_owned(),
        ])),
        cognito(),
        okta(),
        google(),
        firebase(),
        supabase(),
        clerk(),
        zitadel(),
        authentik(),
        logto(),
        workos(),
        github(Provider::github_actions(["74", "7"])),
        github(Provider::github_actions_of_owners(["65"])),
        kubernetes(),
        spring(),
    ]
}
