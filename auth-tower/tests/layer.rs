//! The guard as a tower layer: around services of any kind, and with verdicts that take their time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use auth_tower::{
    AuthLayer, Authenticated, Authenticator, GuardLayer, Policy, SameBody, Scope, TokenVerifier,
    VerifiedToken, VerifyError, VerifyFailure, async_trait, extract_from_guard,
};
use bytes::Bytes;
use futures_executor::block_on;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use tower::{Service, ServiceBuilder, ServiceExt as _};
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::trace::TraceLayer;
use tower_layer::Layer as _;

/// Accepts `good`, at once or when it is polled again.
#[derive(Clone)]
struct Introspection {
    at_once: bool,
}

impl Introspection {
    fn new(at_once: bool) -> Self {
        Self { at_once }
    }

    fn judge(token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice", "scope": "a"}))?),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
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
        Self::judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.at_once.then(|| Self::judge(token))
    }
}

/// The body of another framework.
#[derive(Debug, PartialEq)]
struct Bytewise(Bytes);

impl From<Bytes> for Bytewise {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

/// A service that is no router. It has to be ready before it is called, as tower says.
#[derive(Debug, Default)]
struct Plain {
    ready: bool,
}

/// A clone has not been asked yet whether it is ready.
impl Clone for Plain {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<Request<NeverRead>> for Plain {
    type Response = Response<Bytewise>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<NeverRead>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        ready(Ok(Response::new(Bytewise("inside".into()))))
    }
}

/// A body that is neither `Sync` nor read.
struct NeverRead(#[allow(dead_code, reason = "only there to not be Sync")] Pin<Box<dyn Send>>);

async fn call(
    service: &mut impl Service<Request<NeverRead>, Response = Response<Bytewise>, Error = Infallible>,
    token: &str,
) -> Response<Bytewise> {
    poll_fn(|context| service.poll_ready(context)).await.unwrap();
    let request = Request::builder().header("authorization", format!("Bearer {token}"));
    service.call(request.body(NeverRead(Box::pin(()))).unwrap()).await.unwrap()
}

#[test]
fn a_service_that_is_no_router_can_be_guarded() {
    for at_once in [true, false] {
        let verifier = Introspection::new(at_once);
        let layer = GuardLayer::<SameBody>::new(Authenticator::new(verifier))
            .require(Policy::scope(Scope::from_static("a")));
        let mut service = layer.layer(Plain::default());
        for _ in 0..2 {
            let answer = block_on(call(&mut service, "good"));
            assert_eq!((answer.status(), answer.body()), (StatusCode::OK, &Bytewise("inside".into())));
            let answer = block_on(call(&mut service, "bad"));
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(answer.headers().get("www-authenticate").unwrap(), r#"Bearer error="invalid_token""#);
            assert!(answer.body().0.starts_with(b"{"));
        }
    }
}

/// What a refused request is answered, as bytes.
type Refusal = (StatusCode, Vec<(String, Vec<u8>)>, Bytes);

/// Sends a good token, which has to get in, and a bad one.
fn refusal<S, Q, R>(service: &S) -> Refusal
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
    S::Error: std::fmt::Debug,
    Q: Default,
    R: Body<Data = Bytes>,
    R::Error: std::fmt::Debug,
{
    let send = |token: &str| {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        block_on(async {
            let answer = service.clone().oneshot(request.body(Q::default()).unwrap()).await.unwrap();
            let (parts, body) = answer.into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        })
    };
    let (parts, body) = send("good");
    assert_eq!((parts.status, body.as_ref()), (StatusCode::OK, b"alice".as_slice()));
    let (parts, body) = send("bad");
    let fields = parts.headers.iter();
    let fields = fields.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    (parts.status, fields, body)
}

/// Names the caller whom the guard has let in.
fn names<Q>(request: &Request<Q>) -> Bytes {
    extract_from_guard::<Authenticated>(request).unwrap().subject().to_owned().into()
}

#[test]
fn whatever_the_body_is_the_refusal_is_the_same() {
    for at_once in [true, false] {
        let guard = || AuthLayer::new(Authenticator::new(Introspection::new(at_once)));
        let full = |request: Request<Full<Bytes>>| {
            ready(Ok::<_, Infallible>(Response::new(Full::new(names(&request)))))
        };
        let boxed = |request: Request<Full<Bytes>>| {
            let body: BoxBody<Bytes, Infallible> = Full::new(names(&request)).boxed();
            ready(Ok::<_, Infallible>(Response::new(body)))
        };
        let of_tonic = |request: Request<tonic::body::Body>| {
            let body = tonic::body::Body::new(Full::new(names(&request)).map_err(|never| match never {}));
            ready(Ok::<_, Infallible>(Response::new(body)))
        };
        let limited =
            |request: Request<_>| ready(Ok::<_, Infallible>(Response::new(Full::new(names(&request)))));
        let refusals = [
            refusal::<_, Full<Bytes>, _>(&ServiceBuilder::new().layer(guard()).service_fn(full)),
            refusal::<_, Full<Bytes>, _>(&ServiceBuilder::new().layer(guard()).service_fn(boxed)),
            refusal::<_, tonic::body::Body, _>(&ServiceBuilder::new().layer(guard()).service_fn(of_tonic)),
            refusal::<_, Full<Bytes>, _>(
                &ServiceBuilder::new().layer(guard()).layer(CompressionLayer::new()).service_fn(full),
            ),
            refusal::<_, Full<Bytes>, _>(
                &ServiceBuilder::new().layer(TraceLayer::new_for_http()).layer(guard()).service_fn(boxed),
            ),
            refusal::<_, Full<Bytes>, _>(
                &ServiceBuilder::new().layer(guard()).layer(TraceLayer::new_for_http()).service_fn(boxed),
            ),
            refusal::<_, Full<Bytes>, _>(
                &ServiceBuilder::new()
                    .layer(guard())
                    .layer(RequestBodyLimitLayer::new(64))
                    .service_fn(limited),
            ),
            refusal::<_, Full<Bytes>, _>(
                &ServiceBuilder::new().layer(guard()).layer(guard()).service_fn(full),
            ),
        ];
        for other in &refusals {
            assert_eq!(*other, refusals[0]);
        }
        let (status, fields, body) = &refusals[0];
        assert_eq!(*status, StatusCode::UNAUTHORIZED);
        let challenge = (String::from("www-authenticate"), br#"Bearer error="invalid_token""#.to_vec());
        assert!(fields.contains(&challenge) && body.starts_with(b"{\"type\""));
    }
}
