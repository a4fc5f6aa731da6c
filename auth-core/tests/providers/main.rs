//! Each preset with an access token as its provider sends it, which is accepted, and near twins, which are refused.
//! `cargo test -p auth-core --test providers -- --nocapture` prints the table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cases;
mod document;

use auth_core::jwt::{JwtVerifierBuilder, Problem, Provider};
use auth_core::{Algorithm, Policy, VerifiedToken, VerifyError};
use auth_testing::TestIssuer;
use serde_json::{Value, json};

use crate::cases::{cases, token};

#[test]
fn each_preset_accepts_its_provider_and_refuses_near_twins() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    for case in cases() {
        let name = format!("{} ({})", case.provider.name(), case.provider.issuer());
        let verifier = (case.set)(case.provider.verifier()).jwks(issuer.jwks()).build().unwrap();
        let verdict = |token: &str| verifier.verify_jwt(token);

        let accepted: VerifiedToken =
            verdict(&token(&issuer, &case, &json!({}))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((accepted.subject(), accepted.client_id()), (case.subject, case.client), "{name}");
        if let Some(role) = case.role {
            assert!(Policy::role(role).allows(&accepted), "{name}: role {role}");
        }
        assert!(!Policy::role("nobody").allows(&accepted), "{name}");
        if let Some(scope) = case.scope {
            assert!(accepted.scopes().contains(scope), "{name}: scope {scope}");
        }

        assert!(case.twins.len() >= 5, "{name}");
        for (twin, changed, error) in &case.twins {
            let refused = verdict(&token(&issuer, &case, changed)).unwrap_err();
            assert_eq!(refused, *error, "{name}: {twin}");
        }
        // And the twins that every provider has.
        let expired = token(&issuer, &case, &json!({"exp": 1000}));
        assert_eq!(verdict(&expired).unwrap_err(), VerifyError::Expired, "{name}");
        let stranger = TestIssuer::new(Algorithm::Es256).kid(issuer.jwk()["kid"].as_str().unwrap());
        let forged = token(&stranger, &case, &json!({}));
        assert_eq!(verdict(&forged).unwrap_err(), VerifyError::InvalidSignature, "{name}");
        println!(
            "{name}: accepted; refused: {}, expired, forged",
            case.twins.iter().map(|(twin, ..)| *twin).collect::<Vec<_>>().join(", ")
        );
    }
}

/// As metadata at these addresses said when this was written.
#[test]
fn addresses_are_those_of_the_providers() {
    let of = |provider: Provider| {
        format!("{} {} {}", provider.issuer(), provider.metadata_uri().unwrap_or("-"), provider.jwks_uri())
    };
    let all: Vec<_> = cases().into_iter().map(|case| of(case.provider)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn managed_clusters_have_their_keys_elsewhere() {
    let eks = "https://oidc.eks.eu-central-1.amazonaws.com/id/8EBD";
    let gke = "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c";
    let aks = "https://westeurope.oic.prod-aks.azure.com/1111/2222/";
    for (issuer, keys) in [
        (eks, format!("{eks}/keys")),
        (gke, format!("{gke}/jwks")),
        (aks, format!("{aks}openid/v1/jwks")),
        ("https://k8s.example/oidc.eks.x", "https://k8s.example/oidc.eks.x/openid/v1/jwks".to_owned()),
    ] {
        let provider = Provider::kubernetes(issuer);
        assert_eq!((provider.issuer(), provider.jwks_uri()), (issuer, &*keys));
    }
}

#[test]
fn slashes_at_the_end_do_not_matter_where_the_provider_has_its_own_way() {
    for (with, without) in [
        (Provider::auth0("https://a.auth0.com/"), Provider::auth0("https://a.auth0.com")),
        (Provider::keycloak("https://a.example/realms/r/"), Provider::keycloak("https://a.example/realms/r")),
        (
            Provider::authentik("https://a.example/application/o/s/"),
            Provider::authentik("https://a.example/application/o/s"),
        ),
        (Provider::logto("https://a.logto.app/oidc"), Provider::logto("https://a.logto.app")),
        (Provider::supabase("https://a.supabase.co/auth/v1"), Provider::supabase("https://a.supabase.co/")),
    ] {
        assert_eq!(with.issuer(), without.issuer());
        assert_eq!(with.jwks_uri(), without.jwks_uri());
        assert_eq!(with.metadata_uri(), without.metadata_uri());
    }
}

#[test]
fn what_is_no_address_of_the_provider_is_a_build_error() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let problems = |provider: Provider| {
        let built = provider.verifier().audience("api").jwks(issuer.jwks()).build();
        built.err().map(|error| error.problems().to_vec()).unwrap_or_default()
    };
    for provider in [
        Provider::keycloak("https://id.example"),
        Provider::keycloak("id.example/realms/shop"),
        Provider::keycloak("https://id.example/realms/{realm}"),
        Provider::keycloak("https://id.example/realms/"),
        Provider::auth0("shop.eu.auth0.com"),
        Provider::okta("https://shop.okta.com"),
        Provider::okta("https://shop.okta.com/oauth2/"),
        Provider::authentik("https://id.example"),
        Provider::authentik("https://id.example/application/o/"),
        Provider::supabase("ref"),
        Provider::zitadel("https://"),
        Provider::logto(""),
        Provider::kubernetes("kubernetes/serviceaccount"),
        Provider::spring_authorization_server("https://id.example?x"),
    ] {
        let found = problems(provider.clone());
        assert!(
            found.iter().any(|problem| matches!(problem, Problem::ProviderAddress { .. })),
            "{provider:?}: {found:?}"
        );
    }
    assert_eq!(problems(Provider::entra("common")), [Problem::TenantIsNoGuid { position: 1 }]);
    let none: [&str; 0] = [];
    assert_eq!(problems(Provider::entra_multi_tenant(none)), [Problem::NoTenants]);
    let cognito = Provider::cognito("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab", none);
    let built = cognito.verifier().jwks(issuer.jwks()).build().unwrap_err();
    assert!(matches!(built.problems(), [Problem::NoValues { method: "audience_in", .. }]), "{built}");
    assert_eq!(
        problems(Provider::cognito("https://cognito-idp.x.amazonaws.com/P", ["web"])),
        [Problem::ContradictoryAudiences]
    );
    let google = Provider::google(none).verifier().jwks(issuer.jwks()).build().unwrap_err();
    assert_eq!(google.problems(), [Problem::NoAudience]);
    assert!(format!("{:?}", Provider::auth0("https://a.auth0.com")).contains("Auth0"));
}

/// What presets do not tell apart, and what does so where it can be done.
#[test]
fn what_is_not_told_apart_can_be_demanded() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let case = |name: &str| cases().into_iter().find(|case| case.provider.name() == name).unwrap();
    let stranger = json!({"azp": "1040", "sub": "1040", "email": "x@evil.iam.gserviceaccount.com"});
    for (name, changed, demand) in [
        (
            "Clerk",
            json!({"aud": "convex", "v": null, "sid": null, "o": null}),
            (|verifier| verifier.require_claim("v", 2)) as fn(JwtVerifierBuilder) -> JwtVerifierBuilder,
        ),
        ("Google", stranger, |verifier| verifier.allow_clients(["1-a.apps.googleusercontent.com"])),
    ] {
        let case = case(name);
        let verdict = |set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder, changed: &Value| {
            let verifier = set(case.provider.verifier()).jwks(issuer.jwks()).build().unwrap();
            verifier.verify_jwt(&token(&issuer, &case, changed)).is_ok()
        };
        assert!(verdict(|verifier| verifier, &changed), "{name}");
        assert!(!verdict(demand, &changed), "{name}");
        assert!(verdict(demand, &json!({})), "{name}");
    }
}
