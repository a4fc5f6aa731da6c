//! What a completed document says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use auth_core::{
    Algorithm, Authenticator, CredentialSource, Policy, ProtectedResource, RejectionBody, Scope,
};
use auth_testing::TestIssuer;
use auth_utoipa::{SecurityDocs, SecurityDocsError};
use serde_json::{Value, json};
use utoipa::OpenApi;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

#[utoipa::path(get, path = "/open", responses((status = 200)))]
async fn open() {}

#[utoipa::path(get, path = "/me", responses((status = 200)), security(("oauth2" = [])))]
async fn me() {}

#[utoipa::path(get, path = "/optional", responses((status = 200)), security((), ("oauth2" = [])))]
async fn optional() {}

#[utoipa::path(post, path = "/orders", responses((status = 201)), security(("oauth2" = [READ, WRITE])))]
async fn orders() {}

#[utoipa::path(
    get,
    path = "/own",
    responses((status = 401, description = "own"), (status = 403, description = "words")),
    security(("oauth2" = [READ]))
)]
async fn own() {}

#[utoipa::path(get, path = "/key", responses((status = 200)), security(("key" = [])))]
async fn key() {}

#[derive(OpenApi)]
#[openapi(paths(open, me, optional, orders, own))]
struct Api;

#[derive(OpenApi)]
#[openapi(paths(open, me), security(("oauth2" = ["orders:read"])))]
struct ProtectedByDefault;

#[derive(OpenApi)]
#[openapi(paths(key))]
struct OtherScheme;

fn authenticator() -> Authenticator {
    TestIssuer::new(Algorithm::Hs256).authenticator()
}

fn docs(authenticator: &Authenticator) -> SecurityDocs {
    SecurityDocs::new(authenticator).scope(READ, "Read orders").scope(WRITE, "Place orders")
}

fn with_password(authenticator: &Authenticator) -> SecurityDocs {
    docs(authenticator).password("oauth2", "token")
}

fn applied(docs: &SecurityDocs, document: utoipa::openapi::OpenApi) -> Value {
    serde_json::to_value(docs.apply(document).unwrap()).unwrap()
}

fn responses(document: &Value, method: &str, path: &str) -> Vec<String> {
    document["paths"][path][method]["responses"].as_object().unwrap().keys().cloned().collect()
}

fn challenges(response: &Value) -> Value {
    response["headers"]["WWW-Authenticate"]["examples"].clone()
}

#[test]
fn each_scheme_is_documented_as_openapi_has_it() {
    let authenticator = authenticator();
    let scopes = json!({ "orders:read": "Read orders", "orders:write": "Place orders" });
    let flows = |name: &str, flow: Value| json!({ "type": "oauth2", "flows": { name: flow } });
    let authorize = "https://idp.example/authorize";
    let token = "https://idp.example/token";
    let oidc = json!({
        "type": "openIdConnect",
        "openIdConnectUrl": "https://idp.example/.well-known/openid-configuration",
    });
    let docs = || docs(&authenticator);
    for (docs, expected) in [
        (
            docs().password("oauth2", "token"),
            flows("password", json!({ "tokenUrl": "token", "scopes": scopes })),
        ),
        (
            docs().password_with_refresh("oauth2", "token"),
            flows("password", json!({ "tokenUrl": "token", "refreshUrl": "token", "scopes": scopes })),
        ),
        (
            docs().authorization_code("oauth2", authorize, token),
            flows(
                "authorizationCode",
                json!({ "authorizationUrl": authorize, "tokenUrl": token, "scopes": scopes }),
            ),
        ),
        (docs().bearer("oauth2"), json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" })),
        (docs().open_id_connect("oauth2", "https://idp.example"), oidc.clone()),
        (docs().open_id_connect("oauth2", "https://idp.example/"), oidc),
    ] {
        let document = applied(&docs, Api::openapi());
        assert_eq!(document["components"]["securitySchemes"], json!({ "oauth2": expected }));
    }
}

#[test]
fn operations_say_how_they_refuse() {
    let document = applied(&with_password(&authenticator()), Api::openapi());
    assert_eq!(responses(&document, "get", "/open"), ["200"]);
    assert_eq!(responses(&document, "get", "/me"), ["200", "401"]);
    assert_eq!(responses(&document, "get", "/optional"), ["200", "401"]);
    assert_eq!(responses(&document, "post", "/orders"), ["201", "401", "403"]);

    let refused = &document["paths"]["/me"]["get"]["responses"]["401"];
    assert_eq!(
        challenges(refused),
        json!({ "missing": { "value": "Bearer" }, "invalid": { "value": "Bearer error=\"invalid_token\"" } })
    );
    let content = &refused["content"]["application/problem+json"];
    assert_eq!(content["schema"], json!({ "$ref": "#/components/schemas/ProblemDetails" }));
    assert_eq!(content["examples"]["missing"]["value"]["detail"], json!("Not authenticated"));
    assert!(document["components"]["schemas"]["ProblemDetails"]["properties"]["detail"].is_object());

    let optional = &document["paths"]["/optional"]["get"];
    assert_eq!(optional["security"], json!([{}, { "oauth2": [] }]));
    let refused = &optional["responses"]["401"];
    assert_eq!(challenges(refused), json!({ "invalid": { "value": "Bearer error=\"invalid_token\"" } }));

    let orders = &document["paths"]["/orders"]["post"];
    assert_eq!(orders["security"], json!([{ "oauth2": ["orders:read", "orders:write"] }]));
    let insufficient = "Bearer error=\"insufficient_scope\", scope=\"orders:read orders:write\"";
    assert_eq!(challenges(&orders["responses"]["403"]), json!({ "insufficient": { "value": insufficient } }));
}

#[test]
fn where_clients_get_tokens_is_documented() {
    let resource = ProtectedResource::builder("https://api.example")
        .authorization_server("https://idp.example/tenant/")
        .authorization_server("https://other.example")
        .build()
        .unwrap();
    let named = authenticator().with_protected_resource(&resource);
    let document = applied(&docs(&named).protected_resource("oauth2", &resource), Api::openapi());
    let metadata = "https://api.example/.well-known/oauth-protected-resource";
    let expected = json!({
        "type": "openIdConnect",
        "openIdConnectUrl": "https://idp.example/tenant/.well-known/openid-configuration",
        "description": format!("Protected resource metadata (RFC 9728): {metadata}"),
    });
    assert_eq!(document["components"]["securitySchemes"], json!({ "oauth2": expected }));
    let orders = &document["paths"]["/orders"]["post"]["responses"];
    let end = format!("resource_metadata=\"{metadata}\"");
    let scopes = "scope=\"orders:read orders:write\"";
    assert_eq!(challenges(&orders["401"])["missing"]["value"], format!("Bearer {scopes}, {end}"));
    assert_eq!(
        challenges(&orders["403"])["insufficient"]["value"],
        format!("Bearer error=\"insufficient_scope\", {scopes}, {end}")
    );
}

#[test]
fn operations_that_demand_a_login_say_so() {
    let authenticator = authenticator();
    let policy = Policy::scope(WRITE)
        .and(Policy::acr(["phr"]).unwrap())
        .and(Policy::authenticated_within(Duration::from_secs(300)));
    let docs = with_password(&authenticator).step_up("post", "/orders", &policy);
    let document = applied(&docs, Api::openapi());
    let refused = &document["paths"]["/orders"]["post"]["responses"]["401"];
    assert_eq!(
        challenges(refused)["insufficient_user_authentication"]["value"],
        r#"Bearer error="insufficient_user_authentication", scope="orders:write", acr_values="phr", max_age="300""#
    );
    let body =
        &refused["content"]["application/problem+json"]["examples"]["insufficient_user_authentication"];
    assert_eq!(body["value"]["detail"], "A stronger or more recent login is required");
    assert!(refused["description"].as_str().unwrap().contains("too weak or too old"));
    let other = &document["paths"]["/me"]["get"]["responses"]["401"];
    assert_eq!(challenges(other).as_object().unwrap().len(), 2);

    let refused = |method, path, policy: &Policy| {
        with_password(&authenticator).step_up(method, path, policy).apply(Api::openapi()).err().unwrap()
    };
    for (method, path) in [("GET", "/orders"), ("POST", "/order"), ("GET", "/open")] {
        let error = SecurityDocsError::NoSuchOperation(format!("{method} {path}"));
        assert_eq!(refused(method, path, &policy), error);
    }
    let error = SecurityDocsError::NoLogin("POST /orders".to_owned());
    assert_eq!(refused("POST", "/orders", &Policy::scope(WRITE)), error);
    assert!(error.to_string().contains("Policy::acr"), "{error}");
}

#[test]
fn what_an_operation_documents_itself_stays() {
    let document = applied(&with_password(&authenticator()), Api::openapi());
    let responses = &document["paths"]["/own"]["get"]["responses"];
    assert_eq!(responses["401"], json!({ "description": "own" }));
    assert_eq!(responses["403"], json!({ "description": "words" }));
}

#[test]
fn realm_and_bodies_are_those_of_the_authenticator() {
    let own = authenticator().with_realm("orders").unwrap();
    let own = own.with_rejection_body(|refusal| RejectionBody::json(&json!({ "message": refusal.detail() })));
    let document = applied(&with_password(&own), Api::openapi());
    let refused = &document["paths"]["/me"]["get"]["responses"]["401"];
    assert_eq!(challenges(refused)["missing"]["value"], json!("Bearer realm=\"orders\""));
    let content = &refused["content"]["application/json"];
    assert_eq!(content["examples"]["missing"]["value"], json!({ "message": "Not authenticated" }));
    assert!(content.get("schema").is_none() && document["components"].get("schemas").is_none());

    let empty = authenticator().with_rejection_body(|_| RejectionBody::empty());
    let document = applied(&with_password(&empty), Api::openapi());
    let refused = &document["paths"]["/me"]["get"]["responses"]["401"];
    assert!(refused.get("content").is_none() && refused.get("headers").is_some());
}

#[test]
fn what_the_document_says_for_all_counts_where_nothing_else_is_said() {
    let document = applied(&with_password(&authenticator()), ProtectedByDefault::openapi());
    assert_eq!(responses(&document, "get", "/open"), ["200", "401", "403"]);
    assert_eq!(responses(&document, "get", "/me"), ["200", "401"]);
}

#[test]
fn a_document_that_promises_what_is_not_there_is_refused() {
    let authenticator = authenticator();
    let refused = |docs: SecurityDocs, document| docs.apply(document).err().unwrap();
    let new = || SecurityDocs::new(&authenticator);
    let operation = "POST /orders".to_owned();
    assert_eq!(refused(new(), Api::openapi()), SecurityDocsError::NoScheme);
    assert_eq!(
        refused(with_password(&authenticator).bearer("oauth2"), Api::openapi()),
        SecurityDocsError::SchemeTwice("oauth2".to_owned())
    );
    let scheme = "oauth2".to_owned();
    assert_eq!(
        refused(docs(&authenticator).bearer("bearer"), Api::openapi()),
        SecurityDocsError::UnknownScheme { operation: "GET /me".to_owned(), scheme }
    );
    let error = refused(new().password("oauth2", "token").scope(READ, "Read orders"), Api::openapi());
    let scope = "orders:write".to_owned();
    assert_eq!(error, SecurityDocsError::UnknownScope { operation, scope });
    assert_eq!(
        error.to_string(),
        "POST /orders demands scope \"orders:write\", which no security scheme has: add it by \
         `.scope(\"orders:write\", \"what it allows\")`, or correct the name"
    );
}

#[test]
fn what_is_referred_to_is_completed_and_checked_too() {
    use utoipa::openapi::path::PathItem;
    let mut document = Api::openapi();
    let item = |document: &utoipa::openapi::OpenApi, path: &str| document.paths.paths[path].clone();
    let (me, orders) = (item(&document, "/me"), item(&document, "/orders"));
    let components = document.components.get_or_insert_with(Default::default);
    components.path_items.insert("Orders".to_owned(), orders);
    let mut referring = PathItem::default();
    referring.ref_path = Some("#/components/pathItems/Orders".to_owned());
    document.paths.paths.insert("/referred".to_owned(), referring);
    let completed = applied(&with_password(&authenticator()), document.clone());
    assert!(completed["components"]["pathItems"]["Orders"]["post"]["responses"]["403"].is_object());

    let mut unknown = Api::openapi();
    unknown.paths.paths = [("/me".to_owned(), me)].into_iter().collect();
    unknown.components = document.components;
    let docs = SecurityDocs::new(&authenticator()).password("oauth2", "token");
    let error = docs.apply(unknown).err().unwrap();
    assert!(matches!(error, SecurityDocsError::UnknownScope { .. }), "{error}");

    let mut for_all = Api::openapi();
    for_all.paths.paths.clear();
    for_all.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new("other", [""; 0])]);
    let error = with_password(&authenticator()).apply(for_all).err().unwrap();
    assert!(error.to_string().starts_with("the whole document demands security scheme \"other\""), "{error}");
}

#[test]
fn another_schema_of_that_name_is_not_taken_for_ours() {
    use utoipa::openapi::Object;
    let mut document = Api::openapi();
    let components = document.components.get_or_insert_with(Default::default);
    components.schemas.insert("ProblemDetails".to_owned(), Object::new().into());
    let error = with_password(&authenticator()).apply(document).err().unwrap();
    assert_eq!(error, SecurityDocsError::SchemaTwice);
}

/// The application may have schemes that are none of ours.
#[test]
fn other_schemes_are_left_alone() {
    use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
    let mut document = OtherScheme::openapi();
    let components = document.components.get_or_insert_with(Default::default);
    let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-key")));
    components.add_security_scheme("key", scheme);
    let document = applied(&with_password(&authenticator()), document);
    assert_eq!(responses(&document, "get", "/key"), ["200"]);
}

#[utoipa::path(
    post,
    path = "/orders",
    responses((status = 201)),
    security(("cookie" = []), ("key" = []), ("bearer" = [READ]), ("basic" = []), ("socket" = []))
)]
async fn from_anywhere() {}

#[utoipa::path(post, path = "/profile", responses((status = 200)), security(("cookie" = [])))]
async fn profile() {}

#[utoipa::path(get, path = "/profile", responses((status = 200)), security(("cookie" = [])))]
async fn see_profile() {}

#[utoipa::path(post, path = "/tool", responses((status = 200)), security(("key" = []), ("basic" = [])))]
async fn tool() {}

#[utoipa::path(post, path = "/bearer", responses((status = 200)), security(("bearer" = []), ("socket" = [])))]
async fn program() {}

#[derive(OpenApi)]
#[openapi(paths(from_anywhere, profile, see_profile, tool, program))]
struct FromAnywhere;

#[test]
fn each_source_is_the_scheme_that_it_is() {
    let cookie = CredentialSource::cookie("__Host-access");
    let key = CredentialSource::header("X-API-Key");
    let sources = [CredentialSource::Bearer, CredentialSource::Basic, cookie.clone(), key.clone()];
    let authenticator = authenticator().with_credential_sources(sources).unwrap();
    let docs = docs(&authenticator)
        .credential_source("cookie", &cookie)
        .credential_source("key", &key)
        .credential_source("bearer", &CredentialSource::Bearer)
        .credential_source("basic", &CredentialSource::Basic)
        .credential_source("socket", &CredentialSource::WebSocketProtocol);
    let document = applied(&docs, FromAnywhere::openapi());
    let token = "The token, and nothing else";
    let socket = "Subprotocols, one of which is `bearer.` and the token";
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({
            "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-access", "description": token },
            "key": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": token },
            "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            "basic": { "type": "http", "scheme": "basic", "description": "The password is the token" },
            "socket": { "type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol", "description": socket },
        })
    );
    let alternatives = &document["paths"]["/orders"]["post"]["security"];
    assert_eq!(alternatives.as_array().unwrap().len(), 5, "one of them has to be there");

    assert_eq!(responses(&document, "post", "/orders"), ["201", "401", "403"]);
    let forbidden = |path: &str| document["paths"][path]["post"]["responses"]["403"].clone();
    let examples = |path: &str| {
        let examples = &forbidden(path)["content"]["application/problem+json"]["examples"];
        examples.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(examples("/orders"), ["cross_site", "insufficient"]);
    assert_eq!(
        challenges(&forbidden("/orders")),
        json!({ "insufficient": { "value": "Bearer error=\"insufficient_scope\", scope=\"orders:read\"" } })
    );
    assert_eq!(examples("/profile"), ["cross_site"]);
    assert!(
        forbidden("/profile").get("headers").is_none_or(|headers| headers.get("WWW-Authenticate").is_none())
    );
    assert_eq!(responses(&document, "get", "/profile"), ["200", "401"], "any site may send it");
    assert_eq!(responses(&document, "post", "/tool"), ["200", "401", "403"], "browsers remember passwords");
    assert_eq!(responses(&document, "post", "/bearer"), ["200", "401"], "no other site can send it");
}

#[test]
fn two_challenges_are_one_list() {
    let sources = [CredentialSource::Bearer, CredentialSource::Basic];
    let authenticator = authenticator().with_credential_sources(sources).unwrap();
    let document = applied(&with_password(&authenticator), Api::openapi());
    let refused = &document["paths"]["/me"]["get"]["responses"]["401"];
    assert_eq!(challenges(refused)["missing"]["value"], "Bearer, Basic realm=\"api\"");
}
