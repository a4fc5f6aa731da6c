//! What a protected route takes more than the same route left open, in process and without sockets: for a
//! token that was seen before, for one that is seen first, and with a hand-written extractor around
//! jsonwebtoken; and what a guard takes around a route whose extractor asks for the token anyhow. All requests are alike.
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
const EXTRACTOR: &str = "extractor, seen before";
const EMPTY: &str = "an empty layer around it adds";
const GUARD: &str = "seen before by a guard adds";
const BOTH: &str = "a guard with a scope around it adds";
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
            (GUARD, guarded),
            (FIRST, route(&self.plain)),
            (HANDWRITTEN, Router::new().route("/", by_hand).with_state(self.handwritten.clone())),
            (EXTRACTOR, route(&self.cached)),
            (EMPTY, route(&self.cached).layer(Identity::new())),
            (BOTH, route(&self.cached).layer(guard)),
        ]
        .map(|(name, mut router)| {
            let mut status = move |field: &str| {
                let request = Request::get("/").header("authorization", field).body(Body::empty()).unwrap();
                at_once(router.call(request)).unwrap().status()
            };
            assert_eq!(status("Bearer x") == 401, name != OPEN, "axum, {name}");
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
            assert_eq!(status("Bearer x") == 401, name != OPEN, "actix, {name}");
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
        let around = || {
            let handler = |_: auth_actix::Authenticated<Claims>| async { "Hello" };
            web::resource("/").app_data(self.cached.clone()).get(handler)
        };
        let extractor = |config: &mut web::ServiceConfig| {
            config.service(around());
        };
        let empty = |config: &mut web::ServiceConfig| {
            config.service(around().wrap(middleware::Identity::default()));
        };
        let both = |config: &mut web::ServiceConfig| {
            config.service(around().wrap(guard()));
        };
        vec![
            app(OPEN, &open),
            app(SEEN, &protected(&self.cached)),
            app(GUARD, &guarded),
            app(FIRST, &protected(&self.plain)),
            app(HANDWRITTEN, &by_hand),
            app(EXTRACTOR, &extractor),
            app(EMPTY, &empty),
            app(BOTH, &both),
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
        let (mut routed, mut guarded) = (Vec::new(), Vec::new());
        for (name, candidates) in routes() {
            let (mut around, mut alone): (Vec<_>, Vec<_>) = candidates
                .into_iter()
                .partition(|candidate| [EXTRACTOR, EMPTY, BOTH].contains(&candidate.name()));
            routed.push(Row::measure(&name, &mut alone));
            guarded.push(Row::measure(&name, &mut around));
        }
        println!("\n{}", Table::of_differences("route", routed));
        println!("\n{}", Table::of_differences("protected route", guarded));
    }
}
