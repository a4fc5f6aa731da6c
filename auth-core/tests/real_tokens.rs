//! Tokens as real issuers sent them (keys, names and hosts replaced), each with its right answer: refused by default and
//! accepted with the option that is for it, accepted as it is, or rightly refused with a hint that says why.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use auth_core::jwt::JwtVerifierBuilder;
use auth_core::{
    Authenticator, ClaimPath, JwtVerifier, NoClaims, Policy, TokenVerifier as _, VerifiedToken, VerifyError,
};
use auth_testing::TestRequest;
use serde_json::Value;

/// The inputs, and the key set of those that name none.
struct Inputs(Value);

impl Inputs {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("data/real-tokens.json")).unwrap())
    }

    fn named(&self, name: &str) -> Input<'_> {
        let inputs = self.0["inputs"].as_array().unwrap();
        let input =
            inputs.iter().find(|input| input["name"] == name).unwrap_or_else(|| panic!("no input {name:?}"));
        let jwks = input.get("jwks").unwrap_or(&self.0["jwks"]).to_string();
        Input { token: input["token"].as_str().unwrap(), input, jwks }
    }
}

struct Input<'a> {
    token: &'a str,
    input: &'a Value,
    jwks: String,
}

impl Input<'_> {
    /// A verifier as an operator would configure it, without any option.
    fn verifier(&self) -> JwtVerifierBuilder {
        let verifier = JwtVerifier::builder().jwks(&self.jwks);
        let verifier = match self.input["issuer"].as_str() {
            Some(issuer) => verifier.issuer(issuer),
            None => verifier.dangerously_accept_any_issuer(),
        };
        match self.input["audience"].as_str() {
            Some(audience) => verifier.audience(audience),
            None => verifier.dangerously_accept_any_audience(),
        }
    }

    #[track_caller]
    fn refused(&self) -> VerifyError {
        self.verifier().build().unwrap().verify_jwt(self.token).unwrap_err()
    }

    /// Accepted by the verifier, and by an authenticator that has it.
    #[track_caller]
    fn accepted(&self, set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder) -> VerifiedToken {
        let verifier = || set(self.verifier()).build().unwrap();
        let request = TestRequest::get("/").bearer(self.token);
        let authenticator = Authenticator::new(verifier());
        futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
        verifier().verify_jwt(self.token).unwrap()
    }

    #[track_caller]
    fn hint(&self) -> String {
        let failure = self.verifier().build().unwrap().verify_now(self.token).unwrap().unwrap_err();
        failure.hint().unwrap_or_else(|| panic!("no hint: {failure}")).to_string()
    }
}

#[test]
fn scopes_as_an_array() {
    let inputs = Inputs::read();
    for (name, scopes) in [
        ("spring authorization server: scope array", ["openid", "profile"]),
        ("identityserver4: scope array with duplicates", ["a.read", "a.write"]),
    ] {
        let input = inputs.named(name);
        assert_eq!(input.refused(), VerifyError::InvalidClaim("scope"), "{name}");
        assert!(input.hint().contains("`.lenient_scope()`"), "{name}");
        let token = input.accepted(JwtVerifierBuilder::lenient_scope);
        assert_eq!(token.scopes().iter().collect::<Vec<_>>(), scopes, "{name}");
    }
}

#[test]
fn an_audience_of_nobody_where_nobody_asks() {
    let inputs = Inputs::read();
    let token = inputs.named("kinde, hydra: aud is []").accepted(|verifier| verifier);
    assert_eq!((token.audience().unwrap().iter().count(), token.client_id()), (0, Some("my-client")));
}

#[test]
fn large_tokens() {
    let inputs = Inputs::read();
    let entra = inputs.named("entra: 150 groups, over 8 KiB");
    assert_eq!(entra.refused(), VerifyError::TooLong);
    entra.accepted(|verifier| verifier.max_token_bytes(12 * 1024));

    let keycloak = inputs.named("keycloak: roles in 125 clients, over 256 members");
    assert_eq!(keycloak.refused(), VerifyError::MalformedClaims);
    assert!(keycloak.hint().contains("`.members_bounded_by_bytes()`"));
    let token = keycloak.accepted(JwtVerifierBuilder::members_bounded_by_bytes);
    assert!(Policy::claim(ClaimPath::realm_access_roles()).contains("x").allows(&token));
}

#[test]
fn spiffe() {
    let inputs = Inputs::read();
    let bundle = inputs.named("spiffe: bundle with use jwt-svid");
    assert!(bundle.verifier().build().is_err());
    for input in [bundle, inputs.named("spiffe: typ JOSE")] {
        assert_eq!(input.accepted(JwtVerifierBuilder::accept_spiffe).subject(), "spiffe://example.org/svc");
    }
    assert_eq!(inputs.named("spiffe: typ JOSE").refused(), VerifyError::InvalidHeader("typ"));
}

#[test]
fn keys_with_null_for_what_is_not_there() {
    let inputs = Inputs::read();
    for name in [
        "jwks with null for what is not there",
        "jwks with d null only",
        "jwks with crv, x, y null in an RSA key",
    ] {
        assert_eq!(inputs.named(name).accepted(|verifier| verifier).subject(), "alice", "{name}");
    }
}

#[test]
fn rightly_refused_with_a_hint() {
    let inputs = Inputs::read();
    let docker = inputs.named("issuer that differs by host, as keycloak in docker");
    assert_eq!(docker.refused(), VerifyError::WrongIssuer);
    let hint = docker.hint();
    assert!(
        hint.contains("http://keycloak:8080/realms/dev") && hint.contains("another host and the same path"),
        "{hint}"
    );
    assert!(!hint.contains("localhost"), "the token's own issuer is not told: {hint}");

    for name in ["kid null in the header", "kid a number in set and header"] {
        let input = inputs.named(name);
        // The key whose `kid` is a number cannot be used at all.
        match input.verifier().build() {
            Ok(verifier) => {
                assert_eq!(
                    verifier.verify_jwt(input.token).unwrap_err(),
                    VerifyError::InvalidHeader("kid"),
                    "{name}"
                );
            }
            Err(error) => assert!(error.to_string().contains("`kid`"), "{name}: {error}"),
        }
    }
}

#[test]
fn every_input_is_tried() {
    let inputs = Inputs::read();
    assert_eq!(inputs.0["inputs"].as_array().unwrap().len(), 13);
}
