//! What identity providers put where, as data.

use std::fmt;
use std::sync::Arc;

use super::build_error::Problem;
use super::builder::JwtVerifierBuilder;
use super::verifier::JwtVerifier;

/// What is known of an identity provider: its issuer, where its keys are, and how its access tokens look.
///
/// ```
/// use auth_core::jwt::Provider;
/// # let jwks = auth_testing::TestIssuer::new(auth_core::Algorithm::Es256).jwks();
///
/// let keycloak = Provider::keycloak("https://id.example/realms/shop");
/// assert_eq!(keycloak.jwks_uri(), "https://id.example/realms/shop/protocol/openid-connect/certs");
///
/// let verifier = keycloak
///     .verifier()
///     .audience("orders-api")
///     .jwks(jwks) // what that address answers
///     .build()?;
/// # Ok::<(), auth_core::jwt::BuildError>(())
/// ```
///
/// A provider is data: [`verifier`](Self::verifier) calls methods of the builder that you could call yourself, and more of
/// them can follow. Facts as of 2026-11, from the providers' documentation and real tokens; each function says which
/// mistake people make first. `docs/providers.md` tells what to configure at the provider.
///
/// Except where a function says otherwise, name this API by [`audience`](JwtVerifierBuilder::audience).
#[derive(Clone)]
pub struct Provider {
    name: &'static str,
    issuer: String,
    issuers: Issuers,
    metadata_uri: Option<String>,
    jwks_uri: String,
    problems: Vec<Problem>,
    fill: Arc<Fill>,
}

/// Calls the builder's methods that all of a provider's tokens need.
type Fill = dyn Fn(JwtVerifierBuilder) -> JwtVerifierBuilder + Send + Sync;

/// Whom the tokens are from.
#[derive(Clone)]
enum Issuers {
    Named(Vec<String>),
    OfTenants { template: &'static str, tenants: Vec<String> },
}

/// Where OpenID Connect Discovery has the metadata, behind the issuer.
pub(super) const DISCOVERY: &str = "/.well-known/openid-configuration";

impl Provider {
    pub(super) fn new(
        name: &'static str,
        issuer: &str,
        jwks_uri: String,
        fill: impl Fn(JwtVerifierBuilder) -> JwtVerifierBuilder + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            issuer: issuer.to_owned(),
            issuers: Issuers::Named(vec![issuer.to_owned()]),
            metadata_uri: Some(format!("{issuer}{DISCOVERY}")),
            jwks_uri,
            problems: Vec::new(),
            fill: Arc::new(fill),
        }
    }

    /// Another spelling of the issuer.
    pub(super) fn also_called(mut self, issuer: &str) -> Self {
        if let Issuers::Named(names) = &mut self.issuers {
            names.push(issuer.to_owned());
        }
        self
    }

    pub(super) fn of_tenants(self, template: &'static str, tenants: Vec<String>) -> Self {
        Self { issuers: Issuers::OfTenants { template, tenants }, ..self }
    }

    pub(super) fn metadata(self, uri: String) -> Self {
        Self { metadata_uri: Some(uri), ..self }
    }

    pub(super) fn without_metadata(self) -> Self {
        Self { metadata_uri: None, ..self }
    }

    /// Notes that what was given as an address is none, or not one of this provider.
    pub(super) fn address(mut self, given: &str, expected: &'static str, fits: fn(&str) -> bool) -> Self {
        let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://"));
        let is_address = rest.is_some_and(|rest| {
            let host = rest.split('/').next().unwrap_or_default();
            !host.is_empty() && !rest.contains(['?', '#', '{', '}', '<', '>', ' '])
        });
        if !is_address || !fits(&without_slash(given)) {
            let (provider, given) = (self.name, given.to_owned());
            self.problems.push(Problem::ProviderAddress { provider, expected, given });
        }
        self
    }

    /// The provider's name, for logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The issuer. For several tenants of Entra ID it is the template, as the metadata have it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The address of the metadata
    /// ([OpenID Connect Discovery section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)), if
    /// the provider has them.
    #[must_use]
    pub fn metadata_uri(&self) -> Option<&str> {
        self.metadata_uri.as_deref()
    }

    /// The address of the JWK Set.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// Begins a verifier of this provider's tokens. It lacks keys, and in most cases an audience.
    #[must_use]
    pub fn verifier(&self) -> JwtVerifierBuilder {
        let mut verifier = JwtVerifier::builder();
        verifier.problems.extend(self.problems.iter().cloned());
        let verifier = match &self.issuers {
            Issuers::Named(names) => names.iter().fold(verifier, JwtVerifierBuilder::issuer),
            Issuers::OfTenants { template, tenants } => {
                verifier.issuer_for_tenants(*template, tenants.iter().map(String::as_str))
            }
        };
        (self.fill)(verifier)
    }
}

/// Prints whose tokens it is about.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The address without the slash that people put at its end, or leave out.
pub(super) fn without_slash(address: &str) -> String {
    address.strip_suffix('/').unwrap_or(address).to_owned()
}
