//! What a server tells clients about itself (RFC 9728), and that its challenges say where.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use auth_core::adapter::{Guard, RequestHead as _};
use auth_core::{
    Algorithm, Authenticator, CredentialSource, InvalidResource, NoClaims, Policy, ProtectedResource,
    ProtectedResourceBuilder, Reason, Rejection, RejectionBody, Scope, UrlFault, UrlPlace,
};
use auth_testing::{TestIssuer, TestRequest};
use futures_executor::block_on;
use serde_json::{Value, json};

const ORDERS_READ: Scope = Scope::from_static("orders:read");
const ORDERS_WRITE: Scope = Scope::from_static("orders:write");
const URL: &str = "https://api.example/.well-known/oauth-protected-resource/mcp";

fn described() -> ProtectedResourceBuilder {
    ProtectedResource::builder("https://api.example/mcp").authorization_server("https://issuer.example")
}

fn resource() -> ProtectedResource {
    described().scopes([ORDERS_READ, ORDERS_WRITE]).build().unwrap()
}

#[test]
fn the_metadata_are_written_once_and_in_order() {
    let resource = described()
        .authorization_server("https://other.example/tenant")
        .scopes([ORDERS_WRITE, ORDERS_READ])
        .name("The \"Orders\" \u{e9}")
        .documentation("https://api.example/docs?for=developers#mcp")
        .build()
        .unwrap();
    let text = String::from_utf8(resource.metadata().to_vec()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"resource":"https://api.example/mcp","#,
            r#""authorization_servers":["https://issuer.example","https://other.example/tenant"],"#,
            r#""scopes_supported":["orders:write","orders:read"],"#,
            r#""bearer_methods_supported":["header"],"#,
            r#""resource_name":"The \"Orders\" é","#,
            r#""resource_documentation":"https://api.example/docs?for=developers#mcp"}"#,
        )
    );
    assert_eq!(resource.identifier(), "https://api.example/mcp");
    assert_eq!(resource.metadata_url(), URL);
    assert_eq!(resource.metadata_path(), "/.well-known/oauth-protected-resource/mcp");
    let servers: Vec<_> = resource.authorization_servers().collect();
    assert_eq!(servers, ["https://issuer.example", "https://other.example/tenant"]);
    assert_eq!(resource.scopes(), [ORDERS_WRITE, ORDERS_READ]);
    // RFC 9728 section 3.2: a member without values is left away.
    let least: Value = serde_json::from_slice(&described().build().unwrap().metadata()).unwrap();
    let expected = json!({
        "resource": "https://api.example/mcp",
        "authorization_servers": ["https://issuer.example"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(least, expected);
}

/// RFC 9728 section 3.1.
#[test]
fn the_well_known_path_is_inserted_between_host_and_path() {
    for (identifier, url) in [
        ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example:8443/a", "https://api.example:8443/.well-known/oauth-protected-resource/a"),
        ("https://api.example/a/b", "https://api.example/.well-known/oauth-protected-resource/a/b"),
        ("https://api.example/a/", "https://api.example/.well-known/oauth-protected-resource/a/"),
        ("https://[::1]/a", "https://[::1]/.well-known/oauth-protected-resource/a"),
    ] {
        let resource = ProtectedResource::builder(identifier);
        let resource = resource.authorization_server("https://issuer.example").build().unwrap();
        assert_eq!(resource.metadata_url(), url);
        assert!(url.ends_with(resource.metadata_path()), "{url}");
    }
}

#[test]
fn what_is_described_wrongly_is_refused_and_says_what_to_do() {
    let refused = |builder: ProtectedResourceBuilder| builder.build().unwrap_err();
    let fault = |url: &str| {
        let builder = ProtectedResource::builder(url).authorization_server("https://issuer.example");
        match refused(builder) {
            InvalidResource::Url { place: UrlPlace::Resource, url: named, fault } => (named, fault),
            other => panic!("{other}"),
        }
    };
    for (url, expected) in [
        ("http://api.example/mcp", UrlFault::PlainHttp),
        ("https://api.example/mcp#tools", UrlFault::Fragment),
        ("https://api.example/mcp?tenant=1", UrlFault::Query),
        ("https://api.example/\"mcp\"", UrlFault::Character('"')),
        ("https://api.example/mcp\\", UrlFault::Character('\\')),
        ("https://api.example/mcp\r\nSet-Cookie: a", UrlFault::Character('\r')),
        ("https://API.example/mcp", UrlFault::Host),
        ("/mcp", UrlFault::NoHttps),
    ] {
        assert_eq!(fault(url), (url.to_owned(), expected));
    }
    let none = ProtectedResource::builder("https://api.example");
    assert_eq!(refused(none), InvalidResource::NoAuthorizationServer);
    let twice = "https://issuer.example".to_owned();
    assert_eq!(
        refused(described().authorization_server(&*twice)),
        InvalidResource::AuthorizationServerTwice(twice)
    );
    let scopes = [ORDERS_READ, ORDERS_WRITE, ORDERS_READ];
    assert_eq!(refused(described().scopes(scopes)), InvalidResource::ScopeTwice(ORDERS_READ));
    let offline = Scope::from_static("offline_access");
    assert_eq!(refused(described().scopes([offline])), InvalidResource::OfflineAccess);
    for name in ["", " ", "a\nb", &"a".repeat(257)] {
        assert_eq!(refused(described().name(name)), InvalidResource::Name, "{name}");
    }
    for (builder, place) in [
        (described().authorization_server("http://issuer.example"), UrlPlace::AuthorizationServer),
        (described().authorization_server("https://issuer.example/?a"), UrlPlace::AuthorizationServer),
        (described().documentation("javascript:alert(1)"), UrlPlace::Documentation),
    ] {
        assert!(
            matches!(refused(builder), InvalidResource::Url { place: named, .. } if named == place),
            "{place}"
        );
    }
    let error = refused(ProtectedResource::builder("http://localhost:3000"));
    let text = error.to_string();
    for part in ["protected resource", "http://localhost:3000", "https://", ".allow_http_on_loopback()"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(format!("{error:?}"), text, "a `main` that returns it prints it so");
}

#[test]
fn development_on_this_machine_needs_a_name() {
    let local = ProtectedResource::builder("http://localhost:3000/mcp")
        .authorization_server("http://127.0.0.1:9000")
        .allow_http_on_loopback();
    let url = "http://localhost:3000/.well-known/oauth-protected-resource/mcp";
    assert_eq!(local.clone().build().unwrap().metadata_url(), url);
    assert!(local.authorization_server("http://issuer.example").build().is_err());
}

fn challenges(rejection: &Rejection) -> Vec<String> {
    let fields = rejection.headers().filter(|(name, _)| name == "www-authenticate");
    fields.map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn refused(guard: &Guard, request: &TestRequest) -> Rejection {
    let now = guard.check_now(&mut request.clone()).unwrap();
    let verdict = block_on(guard.check(&mut request.clone()));
    assert_eq!(now, verdict);
    verdict.unwrap_err()
}

#[test]
fn every_bearer_challenge_says_where_the_metadata_are() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let plain = issuer.authenticator();
    let named = plain.with_protected_resource(&resource());
    let policy = Policy::scope(ORDERS_READ);
    let good = issuer.good("alice");
    let requests = [
        (TestRequest::get("/"), "Bearer", Some(r#" scope="orders:read""#)),
        (TestRequest::get("/").authorization("Basic YTpi"), "Bearer", Some(r#" scope="orders:read""#)),
        (TestRequest::get("/").authorization("Bearer"), r#"Bearer error="invalid_request""#, None),
        (TestRequest::get("/").bearer("x"), r#"Bearer error="invalid_token""#, None),
        (
            TestRequest::get("/").bearer(&good),
            r#"Bearer error="insufficient_scope", scope="orders:read""#,
            None,
        ),
    ];
    for (request, bare, scope) in &requests {
        let without = refused(&Guard::new(plain.clone()).require(policy.clone()), request);
        assert_eq!(challenges(&without), [*bare], "nobody notices who has not configured it");
        let with = refused(&Guard::new(named.clone()).require(policy.clone()), request);
        let begin = format!("{bare}{}", scope.unwrap_or_default());
        let separator = if begin == "Bearer" { " " } else { ", " };
        assert_eq!(challenges(&with), [format!("{begin}{separator}resource_metadata=\"{URL}\"")]);
        assert_eq!((with.status(), with.body()), (without.status(), without.body()));
    }
    // Without scopes to name.
    let missing = refused(&Guard::new(named.clone()), &TestRequest::get("/"));
    assert_eq!(challenges(&missing), [format!("Bearer resource_metadata=\"{URL}\"")]);
    let extracted = block_on(named.authenticate::<NoClaims>(&TestRequest::get("/"))).unwrap_err();
    assert_eq!(extracted, missing);
    // A refusal of those that are no matter of credentials has no challenge at all.
    for reason in [Reason::Unavailable, Reason::Misconfigured, Reason::CrossSite] {
        assert!(challenges(&named.example_rejection(reason, &[])).is_empty(), "{reason:?}");
    }
}

#[test]
fn guards_name_the_scopes_of_all_their_policies_at_once() {
    let named = TestIssuer::new(Algorithm::Hs256).authenticator().with_protected_resource(&resource());
    let missing = |guard: Guard| challenges(&refused(&guard, &TestRequest::get("/"))).join("|");
    let end = format!("resource_metadata=\"{URL}\"");
    let guard = Guard::new(named.clone()).require(Policy::scope(ORDERS_READ));
    assert_eq!(missing(guard.clone()), format!("Bearer scope=\"orders:read\", {end}"));
    let both = guard.require(Policy::scope(ORDERS_WRITE).and(Policy::role("admin")));
    assert_eq!(missing(both), format!("Bearer scope=\"orders:read orders:write\", {end}"));
    let role = Guard::new(named.clone()).require(Policy::role("admin"));
    assert_eq!(missing(role), format!("Bearer {end}"));
    let example = named.example_rejection(Reason::Missing, &[ORDERS_READ]);
    assert_eq!(challenges(&example), [format!("Bearer scope=\"orders:read\", {end}")]);
}

#[test]
fn settings_go_together_in_any_order() {
    let plain = TestIssuer::new(Algorithm::Hs256).authenticator();
    let sources = [CredentialSource::Bearer, CredentialSource::cookie("__Host-access")];
    let missing = |auth: &Authenticator| challenges(&auth.example_rejection(Reason::Missing, &[]));
    let expected = [format!("Bearer realm=\"api\", resource_metadata=\"{URL}\"")];
    for auth in [
        plain.with_protected_resource(&resource()).with_realm("api").unwrap(),
        plain.with_realm("api").unwrap().with_protected_resource(&resource()),
        plain
            .with_protected_resource(&resource())
            .with_credential_sources(sources.clone())
            .unwrap()
            .with_realm("api")
            .unwrap(),
        plain
            .with_realm("api")
            .unwrap()
            .with_protected_resource(&resource())
            .with_credential_sources(sources)
            .unwrap()
            .with_rejection_body(|_| RejectionBody::empty()),
    ] {
        assert_eq!(missing(&auth), expected);
    }
    let other = ProtectedResource::builder("https://other.example");
    let other = other.authorization_server("https://issuer.example").build().unwrap();
    let again = plain.with_protected_resource(&resource()).with_protected_resource(&other);
    assert_eq!(
        missing(&again),
        [r#"Bearer resource_metadata="https://other.example/.well-known/oauth-protected-resource""#]
    );
    // Basic knows no authorization server.
    let basic = plain.with_credential_sources([CredentialSource::Basic]).unwrap();
    let basic = basic.with_protected_resource(&resource());
    let guard = Guard::new(basic).require(Policy::scope(ORDERS_READ));
    assert_eq!(challenges(&refused(&guard, &TestRequest::get("/"))), [r#"Basic realm="api""#]);
    let both = plain.with_credential_sources([CredentialSource::Bearer, CredentialSource::Basic]).unwrap();
    let guard = Guard::new(both.with_protected_resource(&resource())).require(Policy::scope(ORDERS_READ));
    assert_eq!(
        challenges(&refused(&guard, &TestRequest::get("/"))),
        [
            format!("Bearer scope=\"orders:read\", resource_metadata=\"{URL}\""),
            r#"Basic realm="api""#.to_owned()
        ]
    );
}

fn answer(
    method: &'static str,
    target: &str,
    fields: &[(&'static str, &str)],
) -> Option<(u16, String, String)> {
    let mut request = TestRequest::new(method, target);
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    assert_eq!(request.method(), method);
    let answer = resource().answer(&request)?;
    let fields: Vec<_> =
        answer.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    Some((answer.status().as_u16(), fields.join("\n"), String::from_utf8(answer.body().to_vec()).unwrap()))
}

#[test]
fn the_metadata_are_served_at_two_paths_and_nowhere_else() {
    let metadata = String::from_utf8(resource().metadata().to_vec()).unwrap();
    let fields = "content-type: application/json\ncache-control: public, max-age=3600\n\
                  access-control-allow-origin: *";
    let expected = Some((200, fields.to_owned(), metadata));
    let (own, root) = ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource");
    for path in [own, root] {
        for method in ["GET", "HEAD"] {
            for query in ["", "?", "?a=b"] {
                assert_eq!(
                    answer(method, &format!("{path}{query}"), &[]),
                    expected,
                    "{method} {path}{query}"
                );
            }
            // Whoever sends it, and to which host.
            let others =
                [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("authorization", "x")];
            assert_eq!(answer(method, path, &others), expected);
        }
        let not_allowed = Some((405, "allow: GET, HEAD".to_owned(), String::new()));
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW", "get"] {
            assert_eq!(answer(method, path, &[]), not_allowed, "{method} {path}");
        }
        let (origin, wanted) = (("origin", "https://app.example"), ("access-control-request-method", "GET"));
        assert_eq!(answer("OPTIONS", path, &[origin]), not_allowed);
        assert_eq!(answer("OPTIONS", path, &[wanted]), not_allowed);
        let (status, fields, body) = answer("OPTIONS", path, &[origin, wanted]).unwrap();
        let expected = "access-control-allow-origin: *\naccess-control-allow-methods: GET, HEAD\n\
                        access-control-allow-headers: *\naccess-control-max-age: 3600";
        assert_eq!((status, fields.as_str(), body.as_str()), (204, expected, ""));
    }
    for path in [
        "/",
        "",
        "/mcp",
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/mcp/",
        "/.well-known/oauth-protected-resource/mc",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resource?/mcp/x",
        "/.well-known/oauth-protected-resourcemcp",
        "/.well-known/oauth-authorization-server",
        "/x/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/%6dcp",
    ] {
        let is_root = path.starts_with("/.well-known/oauth-protected-resource?");
        assert_eq!(answer("GET", path, &[]).is_some(), is_root, "{path}");
    }
}
