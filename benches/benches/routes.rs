//! What a protected route takes more than the same route left open, in process and without sockets: for a
//! token that was seen before, for one that is seen first, and with a hand-written extractor around
//! jsonwebtoken. All requests are alike.
//!
//! `cargo bench -p auth-benches --bench routes`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::test::TestRequest;
use actix_web::{App, middleware, rt, test, web};
use auth_actix::AuthMiddleware;
use auth_axum::AuthLayer;
use auth_benches::{Candidate, Claims, Handwritten, HandwrittenUser, Row, Table, at_once, mint};
use auth_core::{Algorithm, Authenticator, Policy, Scope};
use auth_testing::TestIssuer;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use criterion::Criterion;
use tower_layer::Identity;
use tower_service::Service as _;

const OPEN: &str = "open";
const SEEN: &str = "seen before adds";
const FIRST: &str = "seen first adds";
const EMPTY: &str = "an empty layer adds";
const GUARD: &str = "a guard with a scope adds";
const BOTH: &str = "guard and extractor add";
const HANDWRITTEN: &str = "jsonwebtoken by hand adds";

fn policy() -> Policy {
    Policy::scope(Scope::from_static("orders:write"))
}

/// The ways of protecting a route that are measured, for one algorithm.
struct Subject {
    algorithm: Algorithm,
    /// The value of the Authorization field.
    field: String,
    cached: Authenticator,
    plain: Authenticator,
    handwritten: Arc<Handwritten>,
}

impl Subject {
    fn new(algorithm: Algorithm) -> Self {
        let issuer = TestIssuer::new(algorithm);
        Self {
            algorithm,
            field: format!("Bearer {}", mint(&issuer)),
            cached: Authenticator::new(issuer.verifier().build().unwrap()),
            plain: Authenticator::new(issuer.verifier().no_cache().build().unwrap()),
            handwritten: Arc::new(Handwritten::new(algorithm, &issuer.jwk())),
        }
    }

    fn on_axum(&self) -> Vec<Candidate<'_>> {
        let protected = get(|_: auth_axum::Authenticated<Claims>| async { "Hello" });
        let route =
            |state: &Authenticator| Router::new().route("/", protected.clone()).with_state(state.clone());
        let by_hand = get(|_: HandwrittenUser| async { "Hello" });
        let guard = AuthLayer::new(self.cached.clone()).require(policy());
        let guarded = Router::new().route("/", get(|| async { "Hello" })).layer(guard.clone());
        [
            (OPEN, Router::new().route("/", get(|| async { "Hello" }))),
            (SEEN, route(&self.cached)),
            (EMPTY, Router::new().route("/", get(|| async { "Hello" })).layer(Identity::new())),
            (GUARD, guarded),
            (BOTH, Router::new().route("/", protected.clone()).layer(guard).with_state(self.cached.clone())),
            (FIRST, route(&self.plain)),
            (HANDWRITTEN, Router::new().route("/", by_hand).with_state(self.handwritten.clone())),
        ]
        .map(|(name, mut router)| {
            let mut status = move |field: &str| {
                let request = Request::get("/").header("authorization", field).body(Body::empty()).unwrap();
                at_once(router.call(request)).unwrap().status()
            };
            assert_eq!(status("Bearer x") == 401, ![OPEN, EMPTY].contains(&name), "axum, {name}");
            Candidate::new(name, move || assert_eq!(black_box(status(&self.field)), 200))
        })
        .into()
    }

    fn on_actix(&self) -> Vec<Candidate<'_>> {
        let app = |name, configure: &dyn Fn(&mut web::ServiceConfig)| {
            let service = rt::System::new().block_on(test::init_service(App::new().configure(configure)));
            let status = move |field: &str| {
                let request =
                    TestRequest::get().uri("/").insert_header(("authorization", field)).to_request();
                match at_once(service.call(request)) {
                    Ok(response) => response.status(),
                    Err(error) => error.as_response_error().status_code(),
                }
            };
            assert_eq!(status("Bearer x") == 401, ![OPEN, EMPTY].contains(&name), "actix, {name}");
            Candidate::new(name, move || assert_eq!(black_box(status(&self.field)), 200))
        };
        let protected = |authenticator: &Authenticator| {
            let authenticator = authenticator.clone();
            move |config: &mut web::ServiceConfig| {
                let handler = |_: auth_actix::Authenticated<Claims>| async { "Hello" };
                config.app_data(authenticator.clone()).route("/", web::get().to(handler));
            }
        };
        let open = |config: &mut web::ServiceConfig| {
            config.route("/", web::get().to(|| async { "Hello" }));
        };
        let by_hand = |config: &mut web::ServiceConfig| {
            let handler = |_: HandwrittenUser| async { "Hello" };
            config.app_data(web::Data::from(self.handwritten.clone())).route("/", web::get().to(handler));
        };
        let guard = || AuthMiddleware::new(self.cached.clone()).require(policy());
        let guarded = |config: &mut web::ServiceConfig| {
            config.service(web::resource("/").wrap(guard()).get(|| async { "Hello" }));
        };
        let empty = |config: &mut web::ServiceConfig| {
            config
                .service(web::resource("/").wrap(middleware::Identity::default()).get(|| async { "Hello" }));
        };
        let both = |config: &mut web::ServiceConfig| {
            let handler = |_: auth_actix::Authenticated<Claims>| async { "Hello" };
            config.app_data(self.cached.clone()).service(web::resource("/").wrap(guard()).get(handler));
        };
        vec![
            app(OPEN, &open),
            app(SEEN, &protected(&self.cached)),
            app(EMPTY, &empty),
            app(GUARD, &guarded),
            app(BOTH, &both),
            app(FIRST, &protected(&self.plain)),
            app(HANDWRITTEN, &by_hand),
        ]
    }
}

fn main() {
    // Should cargo's feature unification enable both backends of jsonwebtoken, it could not choose.
    jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().unwrap();
    let subjects = [Algorithm::Hs256, Algorithm::Rs256].map(Subject::new);
    let routes = || {
        subjects.iter().flat_map(|subject| {
            let name = |framework| format!("{framework}, {}", subject.algorithm);
            [(name("axum"), subject.on_axum()), (name("actix"), subject.on_actix())]
        })
    };

    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (name, candidates) in routes() {
        let mut group = criterion.benchmark_group(name);
        for mut candidate in candidates {
            group.bench_function(candidate.name().trim_end_matches(" adds"), |bencher| {
                bencher.iter(|| candidate.call());
            });
        }
        group.finish();
    }
    criterion.final_summary();

    let measuring = std::env::args().any(|argument| argument == "--bench");
    if measuring && !std::env::args().any(|argument| argument == "--list") {
        let rows = routes().map(|(name, mut candidates)| Row::measure(&name, &mut candidates)).collect();
        println!("\n{}", Table::of_differences("route", rows));
    }
}
