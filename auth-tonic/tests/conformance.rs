//! The conformance suite against a server on tonic, over a socket.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use auth_core::Algorithm;
use auth_testing::TestIssuer;
use auth_testing::conformance::Fixture;
use auth_tonic::AuthLayer;

use self::common::{Service, guard, routes, serving};

#[tokio::test]
async fn tonic_conforms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let fixture = Fixture::new(algorithm);
        let layer = guard(fixture.authenticator());
        let report =
            serving(layer, routes(&Service::default()), move |address| fixture.run_grpc(address)).await;
        println!("summary: conformance: tonic, {algorithm}: {report}");
        report.assert_passed();
        assert!(report.passed() >= 350, "{report}");
    }
}

#[tokio::test]
async fn a_server_that_lets_everybody_in_does_not_conform() {
    let fixture = Fixture::new(Algorithm::Es256);
    let issuer = TestIssuer::new(Algorithm::Es256);
    let anybody = guard(issuer.token("alice").override_authentication());
    let report =
        serving(anybody, routes(&Service::default()), move |address| fixture.run_grpc(address)).await;
    assert!(report.failed() > 200, "{report}");
    assert!(report.attacks().values().filter(|held| **held).count() <= 2, "{report}");
}

#[tokio::test]
async fn a_server_that_refuses_everybody_does_not_conform() {
    let fixture = Fixture::new(Algorithm::Es256);
    let layer = AuthLayer::new(TestIssuer::new(Algorithm::Es256).authenticator());
    let report = serving(layer, routes(&Service::default()), move |address| fixture.run_grpc(address)).await;
    assert!(report.failed() > 60, "{report}");
    assert!(
        report.attacks().values().all(|held| !held),
        "an attack has no twin that is accepted: {:?}",
        report.attacks()
    );
}
