//! What is guarded and how, in process: generated clients call the guarded services without a socket.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use auth_examples_greeter::Greeting;
use auth_examples_greeter::greeter_client::GreeterClient;
use auth_examples_greeter::greeter_server::{GreeterServer, SERVICE_NAME};
use auth_testing::TestIssuer;
use auth_tonic::{
    AuthLayer, Authenticated, Authenticator, BearerToken, CredentialSource, CurrentUser, InvalidName, Policy,
    RequestExt as _, RequiredScopes, Scope, Scoped, StoreFailure, TokenVerifier, UserLookup, UserStore,
    VerifiedToken, VerifyError, VerifyFailure, async_trait,
};
use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _};

use self::common::{ORDERS_READ, Service, guard, routes};

const ORDERS_WRITE: Scope = Scope::from_static("orders:write");
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn challenge(status: &Status) -> Option<&str> {
    status.metadata().get("www-authenticate").map(|value| value.to_str().unwrap())
}

/// Calls any path with any fields.
async fn raw(layer: &AuthLayer, path: &str, fields: &[(&str, &str)]) -> http::Response<Body> {
    let mut request = http::Request::post(path).header("content-type", "application/grpc");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let body = http_body_util::Full::new(bytes::Bytes::from_static(&[0; 5]));
    let service = layer.layer(routes(&Service::default()));
    service.oneshot(request.body(Body::new(body)).unwrap()).await.unwrap()
}

/// The status of a call: of its header fields, or of its trailers.
async fn code(response: http::Response<Body>) -> Code {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let of =
        |headers: &http::HeaderMap| headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    of(&parts.headers).or_else(|| of(body.trailers()?)).unwrap()
}

#[tokio::test]
async fn no_handler_runs_for_a_refused_call() {
    let issuer = TestIssuer::default();
    let service = Service::default();
    let layer = guard(issuer.authenticator());
    let mut client = GreeterClient::new(layer.layer(routes(&service)));
    let (good, bad) = (issuer.good("alice"), issuer.expired("alice"));
    for token in [None, Some(bad.as_str()), Some("a b")] {
        let call = || match token {
            Some(token) => with_token(Greeting::default(), token),
            None => Request::new(Greeting::default()),
        };
        let stream = || {
            let (metadata, extensions, greeting) = call().into_parts();
            Request::from_parts(metadata, extensions, tokio_stream::iter([greeting]))
        };
        let mut refused = vec![
            client.protected(call()).await.unwrap_err(),
            client.orders(call()).await.unwrap_err(),
            client.admin(call()).await.unwrap_err(),
            client.download(call()).await.unwrap_err(),
            client.upload(stream()).await.unwrap_err(),
            client.chat(stream()).await.unwrap_err(),
        ];
        if token.is_some() {
            refused.push(client.optional(call()).await.unwrap_err());
        }
        for status in refused {
            assert_eq!(status.code(), Code::Unauthenticated);
        }
    }
    assert_eq!(service.handled(), 0);
    assert_eq!(
        client.protected(with_token(Greeting::default(), &good)).await.unwrap().into_inner().message,
        "Hello alice"
    );
    assert_eq!(service.handled(), 1);
}

#[tokio::test]
async fn services_and_methods_add_to_what_the_layer_demands() {
    let issuer = TestIssuer::default();
    let layer = AuthLayer::new(issuer.authenticator())
        .require_for("greeter.v1.Greeter/Orders", Policy::scope(ORDERS_WRITE))
        .unwrap()
        .require_for(SERVICE_NAME, Policy::scope(ORDERS_READ))
        .unwrap()
        .open("/greeter.v1.Greeter/Public")
        .unwrap()
        .require(Policy::role("reader"));
    let mut client = GreeterClient::new(layer.layer(routes(&Service::default())));
    let reader = || issuer.token("alice").claim("roles", serde_json::json!(["reader"]));
    let enough = |method: &'static str, token: String| {
        let mut client = client.clone();
        async move {
            let call = with_token(Greeting::default(), &token);
            let answer = match method {
                "protected" => client.protected(call).await,
                _ => client.orders(call).await,
            };
            answer.map(|_| ()).map_err(|status| (status.code(), challenge(&status).unwrap().to_owned()))
        }
    };
    let denied =
        |scope: &str| Err((Code::PermissionDenied, format!("Bearer error=\"insufficient_scope\"{scope}")));
    let read = issuer.token("alice").scope("orders:read");
    assert_eq!(enough("protected", read.sign()).await, denied(""));
    assert_eq!(enough("protected", reader().sign()).await, denied(", scope=\"orders:read\""));
    assert_eq!(enough("protected", reader().scope("orders:read").sign()).await, Ok(()));
    assert_eq!(
        enough("orders", reader().scope("orders:read").sign()).await,
        denied(", scope=\"orders:read orders:write\"")
    );
    assert_eq!(
        enough("orders", reader().scope("orders:write").sign()).await,
        denied(", scope=\"orders:read orders:write\"")
    );
    assert_eq!(enough("orders", reader().scope("orders:write orders:read").sign()).await, Ok(()));
    let anybody = Request::new(Greeting::default());
    assert_eq!(client.public(anybody).await.unwrap().into_inner().message, "Hello, anyone");
}

#[tokio::test]
async fn reflection_and_health_are_open_only_where_they_are_named() {
    let issuer = TestIssuer::default();
    let closed = AuthLayer::new(issuer.authenticator());
    let health = closed.clone().open("grpc.health.v1.Health").unwrap();
    let reflection = closed.clone().open("grpc.reflection.v1.ServerReflection").unwrap();
    let one_method = closed.clone().open("grpc.health.v1.Health/Watch").unwrap();
    for (layer, path, is_open) in [
        (&closed, HEALTH, false),
        (&closed, REFLECTION, false),
        (&health, HEALTH, true),
        (&health, REFLECTION, false),
        (&reflection, HEALTH, false),
        (&reflection, REFLECTION, true),
        (&one_method, HEALTH, false),
        (&health, "/grpc.health.v1.Healthy/Check", false),
        (&health, "/grpc.health.v1.Health", false),
        (&health, "/xgrpc.health.v1.Health/Check", false),
        (&health, "//grpc.health.v1.Health/Check", false),
        (&health, "/grpc.health.v1.health/Check", false),
        (&health, "/grpc%2Ehealth.v1.Health/Check", false),
    ] {
        let answered = code(raw(layer, path, &[]).await).await;
        assert_eq!(answered != Code::Unauthenticated, is_open, "{path}: {answered:?}");
    }
    assert_eq!(code(raw(&health, HEALTH, &[]).await).await, Code::Ok);
    // Credentials are not looked at there.
    assert_eq!(code(raw(&health, HEALTH, &[("authorization", "Bearer x")]).await).await, Code::Ok);
}

#[test]
fn names_are_vetted() {
    let layer = || AuthLayer::new(TestIssuer::default().authenticator());
    let policy = || Policy::role("admin");
    assert!(matches!(layer().open("Health Check"), Err(InvalidName::Malformed(_))));
    assert!(matches!(layer().require_for("a.B/", policy()), Err(InvalidName::Malformed(_))));
    assert!(matches!(
        layer().open("a.B").unwrap().require_for("a.B", policy()),
        Err(InvalidName::Contradictory(_))
    ));
    let error = layer().optional_for("greeter.*").unwrap_err().to_string();
    assert!(error.contains("greeter.*") && error.contains("orders.v1.Orders/Delete"), "{error}");
}

#[tokio::test]
async fn a_single_service_can_be_guarded() {
    let issuer = TestIssuer::default();
    let service = AuthLayer::new(issuer.authenticator()).layer(GreeterServer::new(Service::default()));
    fn name<S: NamedService>(_: &S) -> &'static str {
        S::NAME
    }
    assert_eq!(name(&service), "greeter.v1.Greeter");
    let (_, health) = tonic_health::server::health_reporter();
    let mut routes = Routes::new(service).add_service(health);
    let mut client = GreeterClient::new(routes.clone());
    assert_eq!(client.protected(Greeting::default()).await.unwrap_err().code(), Code::Unauthenticated);
    let hello = client.protected(with_token(Greeting::default(), &issuer.good("alice"))).await.unwrap();
    assert_eq!(hello.into_inner().message, "Hello alice");
    let request = http::Request::post(HEALTH).header("content-type", "application/grpc");
    let body = Body::new(http_body_util::Full::new(bytes::Bytes::from_static(&[0; 5])));
    assert_eq!(code(routes.call(request.body(body).unwrap()).await.unwrap()).await, Code::Ok);
}

#[tokio::test]
async fn guards_within_guards_add_up() {
    let issuer = TestIssuer::default();
    let auth = issuer.authenticator();
    let outer = AuthLayer::new(auth.clone()).require(Policy::scope(ORDERS_READ));
    let inner = AuthLayer::new(auth).require(Policy::scope(ORDERS_WRITE));
    let service = inner.layer(GreeterServer::new(Service::default()));
    let mut client = GreeterClient::new(outer.layer(Routes::new(service)));
    let refused =
        client.protected(with_token(Greeting::default(), &issuer.token("alice").scope("orders:read").sign()));
    let status = refused.await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(
        challenge(&status).unwrap(),
        r#"Bearer error="insufficient_scope", scope="orders:read orders:write""#
    );
}

/// Accepts `good`, at once or when it is polled again.
struct Introspection {
    at_once: bool,
}

#[async_trait]
impl TokenVerifier for Introspection {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let mut polled = false;
        poll_fn(|context| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.at_once.then(|| self.judge(token))
    }
}

impl Introspection {
    #[allow(clippy::unused_self, reason = "as a verifier")]
    fn judge(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice"}))?),
            "down" => {
                Err(VerifyError::Unavailable { retry_after: Some(Duration::from_millis(29_001)) }.into())
            }
            "panic" => panic!("the verifier is broken"),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
}

#[tokio::test]
async fn verdicts_that_take_their_time_outages_and_panics() {
    for at_once in [true, false] {
        let service = Service::default();
        let layer = guard(Authenticator::new(Introspection { at_once }));
        let mut client = GreeterClient::new(layer.layer(routes(&service)));
        let hello = client.protected(with_token(Greeting::default(), "good")).await.unwrap();
        assert_eq!(hello.into_inner().message, "Hello alice");
        for (token, code, message, retry_after) in [
            ("bad", Code::Unauthenticated, "Could not validate credentials", None),
            ("down", Code::Unavailable, "Authentication is temporarily unavailable", Some("30")),
            ("panic", Code::Internal, "Internal server error", None),
        ] {
            for status in [
                client.protected(with_token(Greeting::default(), token)).await.unwrap_err(),
                client.optional(with_token(Greeting::default(), token)).await.unwrap_err(),
                client.download(with_token(Greeting::default(), token)).await.unwrap_err(),
            ] {
                assert_eq!((status.code(), status.message()), (code, message));
                let expected = (code == Code::Unauthenticated).then_some(r#"Bearer error="invalid_token""#);
                assert_eq!(challenge(&status), expected);
                let field = status.metadata().get("retry-after").map(|value| value.to_str().unwrap());
                assert_eq!(field, retry_after);
            }
        }
        assert_eq!(service.handled(), 1);
    }
}

/// What a handler takes from a request behind a guard.
async fn handled<T: Send + 'static>(
    layer: &AuthLayer,
    token: &str,
    handler: impl Fn(&mut Request<()>) -> T + Clone + Send + Sync + 'static,
) -> T {
    let found = Arc::new(std::sync::Mutex::new(None));
    let found_inside = found.clone();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (parts, _) = request.into_parts();
        let mut request = Request::from_http(http::Request::from_parts(parts, ()));
        *found_inside.lock().unwrap() = Some(handler(&mut request));
        async { Ok::<_, Infallible>(http::Response::new(Body::empty())) }
    });
    let request = http::Request::post("/a.B/C")
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {token}"));
    layer.layer(service).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    found.lock().unwrap().take().unwrap()
}

struct OrdersRead;

impl RequiredScopes for OrdersRead {
    const SCOPES: &'static [Scope] = &[ORDERS_READ];
}

#[derive(serde::Deserialize)]
struct Tenant {
    tenant: String,
}

#[tokio::test]
async fn handlers_take_what_they_need() {
    let issuer = TestIssuer::default();
    let layer = AuthLayer::new(issuer.authenticator());
    let token = issuer.token("alice").scope("orders:read").claim("tenant", "t1").sign();
    let tenant = handled(&layer, &token, |request| {
        let user: Authenticated<Tenant> = request.extract().unwrap();
        user.claims.tenant.clone()
    });
    assert_eq!(tenant.await, "t1");
    let raw =
        handled(&layer, &token, |request| request.extract::<BearerToken>().unwrap().as_str().to_owned());
    assert_eq!(raw.await, token);
    let scoped = handled(&layer, &token, |request| {
        let user: Scoped<OrdersRead> = request.extract().unwrap();
        user.subject().to_owned()
    });
    assert_eq!(scoped.await, "alice");

    let other = issuer.good("alice");
    let status = handled(&layer, &other, |request| {
        let refused: Result<Scoped<OrdersRead>, _> = request.extract();
        Status::from(refused.unwrap_err())
    });
    let status = status.await;
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(challenge(&status), Some(r#"Bearer error="insufficient_scope", scope="orders:read""#));
    let without_claims = handled(&layer, &other, |request| {
        Status::from(request.extract::<Authenticated<Tenant>>().map(|_| ()).unwrap_err())
    });
    assert_eq!(without_claims.await.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn without_a_guard_or_with_other_credentials_it_is_internal() {
    let issuer = TestIssuer::default();
    let layer = AuthLayer::new(issuer.authenticator());
    let refused =
        |request: &Request<()>| Status::from(request.extract::<Authenticated>().map(|_| ()).unwrap_err());
    let mut request = Request::new(());
    assert_eq!(refused(&request).code(), Code::Internal);
    request = with_token((), &issuer.good("alice"));
    assert_eq!(refused(&request).code(), Code::Internal);
    // In a method that is open, too.
    let open = layer.clone().open("a.B").unwrap();
    assert_eq!(
        handled(&open, &issuer.good("alice"), move |request| refused(request)).await.code(),
        Code::Internal
    );

    let bob = issuer.good("bob");
    let changes: [fn(&mut MetadataMap, &str); 3] = [
        |metadata, _| drop(metadata.remove("authorization")),
        |metadata, bob| drop(metadata.insert("authorization", format!("Bearer {bob}").parse().unwrap())),
        |metadata, bob| {
            let binary = tonic::metadata::MetadataValue::from_bytes(bob.as_bytes());
            assert!(!metadata.append_bin("authorization-bin", binary));
        },
    ];
    for change in changes {
        let (alice, bob) = (issuer.good("alice"), bob.clone());
        let status = handled(&layer, &alice, move |request| {
            change(request.metadata_mut(), &bob);
            Status::from(request.extract::<Authenticated>().map(|_| ()).unwrap_err())
        });
        assert_eq!(status.await.code(), Code::Internal);
    }
}

#[derive(Default)]
struct Users {
    loaded: AtomicUsize,
}

#[async_trait]
impl UserStore for Users {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        self.loaded.fetch_add(1, Ordering::Relaxed);
        match token.subject() {
            "alice" => Ok(UserLookup::Active("user alice".to_owned())),
            "bob" => Ok(UserLookup::Inactive),
            "down" => Err(std::io::Error::other("the database is gone").into()),
            _ => Ok(UserLookup::Unknown),
        }
    }
}

#[tokio::test]
async fn the_user_is_loaded_once_and_refused_like_everywhere() {
    let issuer = TestIssuer::default();
    let layer = AuthLayer::new(issuer.authenticator());
    let store = Arc::new(Users::default());
    let load = |subject: &str| {
        let token = issuer.good(subject);
        let (layer, store) = (layer.clone(), store.clone());
        async move {
            let request = handled(&layer, &token, |request| std::mem::replace(request, Request::new(())));
            let mut request = request.await;
            let once = request.current_user(&store).await;
            let twice = request.current_user(&store).await;
            assert_eq!(
                once.as_ref().ok().map(|CurrentUser(user)| user),
                twice.as_ref().ok().map(|CurrentUser(user)| user)
            );
            once.map(|CurrentUser(user)| user).map_err(|rejection| Status::from(rejection).code())
        }
    };
    assert_eq!(load("alice").await, Ok("user alice".to_owned()));
    assert_eq!(load("bob").await, Err(Code::PermissionDenied));
    assert_eq!(load("nobody").await, Err(Code::Unauthenticated));
    assert_eq!(load("down").await, Err(Code::Unavailable));
    assert_eq!(store.loaded.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn tests_can_assume_a_token() {
    let issuer = TestIssuer::default();
    let layer = guard(issuer.token("alice").scope("orders:read").override_authentication());
    let mut client = GreeterClient::new(layer.layer(routes(&Service::default())));
    let orders = client.orders(Greeting::default()).await.unwrap();
    assert_eq!(orders.into_inner().message, "Orders of alice");
    assert_eq!(client.admin(Greeting::default()).await.unwrap_err().code(), Code::PermissionDenied);
    let expired = guard(issuer.token("alice").claim_at("exp", -3600).override_authentication());
    let mut client = GreeterClient::new(expired.layer(routes(&Service::default())));
    assert_eq!(client.protected(Greeting::default()).await.unwrap_err().code(), Code::Unauthenticated);
}

/// A browser sends cookies by itself, and no method is safe where generated code does not ask for it.
#[tokio::test]
async fn a_cookie_counts_for_the_applications_own_pages_only() {
    let issuer = TestIssuer::default();
    let auth =
        issuer.authenticator().with_credential_sources([CredentialSource::cookie("__Host-access")]).unwrap();
    let service = Service::default();
    let layer = AuthLayer::new(auth);
    let cookie = format!("__Host-access={}", issuer.good("alice"));
    for (method, origin, expected) in [
        ("POST", Some("https://api.example"), Code::Ok),
        ("POST", Some("https://evil.example"), Code::PermissionDenied),
        ("POST", None, Code::PermissionDenied),
        ("GET", None, Code::PermissionDenied),
        ("HEAD", None, Code::PermissionDenied),
        ("GET", Some("https://evil.example"), Code::PermissionDenied),
    ] {
        let mut request = http::Request::builder()
            .method(method)
            .uri("https://api.example/greeter.v1.Greeter/Upload")
            .header("content-type", "application/grpc")
            .header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let guarded = layer.layer(routes(&service));
        let answered = guarded.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(code(answered).await, expected, "{method} {origin:?}");
    }
    assert_eq!(service.handled(), 1);
}

/// Outside of tonic-web's layer and inside of it.
#[tokio::test]
async fn grpc_web_goes_with_it() {
    let issuer = TestIssuer::default();
    let auth = || guard(issuer.authenticator());
    let call = |outside: bool, token: Option<String>| {
        let (web, guard) = (tonic_web::GrpcWebLayer::new(), auth());
        let routes = routes(&Service::default());
        let mut request = http::Request::post("/greeter.v1.Greeter/Protected")
            .header("content-type", "application/grpc-web+proto");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request =
            request.body(Body::new(http_body_util::Full::new(bytes::Bytes::from_static(&[0; 5])))).unwrap();
        async move {
            let response = if outside {
                ServiceBuilder::new().layer(guard).layer(web).service(routes).oneshot(request).await
            } else {
                let map = tower::util::MapResponseLayer::new(|response: http::Response<Body>| response);
                ServiceBuilder::new()
                    .layer(map)
                    .layer(web)
                    .layer(guard)
                    .service(routes)
                    .oneshot(request)
                    .await
            };
            let (parts, body) = response.unwrap().into_parts();
            (parts, String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned())
        }
    };
    for outside in [true, false] {
        let (parts, body) = call(outside, Some(issuer.good("alice"))).await;
        assert_eq!(parts.headers["content-type"], "application/grpc-web+proto");
        assert!(body.contains("Hello alice") && body.contains("grpc-status:0"), "{body:?}");
        let (parts, body) = call(outside, None).await;
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers["content-type"], "application/grpc-web+proto");
        assert_eq!(parts.headers["grpc-status"], "16");
        assert_eq!(parts.headers["www-authenticate"], "Bearer");
        assert!(!body.contains("Hello"), "{body:?}");
    }
}

/// Refused by the layer and by a handler, it is the same.
#[tokio::test]
async fn a_refusal_of_the_layer_and_one_of_a_handler_are_alike() {
    let issuer = TestIssuer::default();
    let by_layer = AuthLayer::new(issuer.authenticator()).require(Policy::role("admin"));
    let by_handler = AuthLayer::new(issuer.authenticator());
    let token = format!("Bearer {}", issuer.good("alice"));
    let mut answers = Vec::new();
    for layer in [by_layer, by_handler] {
        let (parts, body) =
            raw(&layer, "/greeter.v1.Greeter/Admin", &[("authorization", &token)]).await.into_parts();
        let body = body.collect().await.unwrap();
        assert!(body.trailers().is_none() && body.to_bytes().is_empty());
        answers.push((parts.status, parts.headers));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn what_a_status_says_is_what_the_table_says() {
    let status = Status::from(auth_tonic::AuthRejection(auth_tonic::Rejection::misconfigured()));
    assert_eq!((status.code(), status.message()), (Code::Internal, "Internal server error"));
    assert!(status.metadata().is_empty());
    let _: Result<Response<()>, Status> =
        (|| Err(auth_tonic::AuthRejection(auth_tonic::Rejection::misconfigured()))?)();
}
