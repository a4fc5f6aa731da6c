//! How to obtain a token, and what each operation demands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use auth_core::{Authenticator, CredentialSource, Policy, ProtectedResource, Reason, Rejection, Scope};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, AuthorizationCode, Flow, HttpAuthScheme, HttpBuilder, OAuth2, OpenIdConnect,
    Password, Scopes, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi};

use crate::demand::{Demand, demands};
use crate::refusals::{OtherSites, PROBLEM, Refusals};

/// Documents authentication: how to obtain a token, what operations demand, and how they refuse.
///
/// See the [crate] for an example.
#[derive(Clone)]
#[must_use = "apply it to a document"]
pub struct SecurityDocs {
    authenticator: Authenticator,
    schemes: Vec<(String, Kind)>,
    scopes: Vec<(Scope, String)>,
    /// Method and path of operations that demand a login, and what they demand.
    step_ups: Vec<(String, Policy)>,
}

/// A security scheme before all scopes are known.
#[derive(Clone)]
enum Kind {
    Password {
        token_url: String,
        refresh_url: Option<String>,
    },
    AuthorizationCode {
        authorization_url: String,
        token_url: String,
    },
    /// The token itself, wherever it comes from.
    Token(CredentialSource),
    OpenIdConnect {
        url: String,
        describes: Option<String>,
    },
}

/// The reason why a document cannot be completed.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityDocsError {
    /// There is no security scheme, so that nobody could obtain a token.
    #[error("no security scheme: say how to come by a token, such as `.password(\"oauth2\", \"../token\")`")]
    NoScheme,
    /// Two security schemes have the same name.
    #[error("two security schemes are called {0:?}: give each its own name")]
    SchemeTwice(String),
    /// The document has another schema under the name of the library's.
    #[error("the document has a schema {PROBLEM:?} of its own: rename it")]
    SchemaTwice,
    /// An operation demands a security scheme that the document does not have.
    #[error(
        "{operation} demands security scheme {scheme:?}, which the document does not have: add it under this name, such \
         as `.password({scheme:?}, \"../token\")`, or correct the name"
    )]
    UnknownScheme {
        /// Method and path.
        operation: String,
        /// The name of the scheme.
        scheme: String,
    },
    /// An operation demands a scope that no security scheme has.
    #[error(
        "{operation} demands scope {scope:?}, which no security scheme has: add it by `.scope({scope:?}, \"what it \
         allows\")`, or correct the name"
    )]
    UnknownScope {
        /// Method and path.
        operation: String,
        /// The name of the scope.
        scope: String,
    },
    /// An operation was said to demand a login, and the document has no such operation that demands a token.
    #[error(
        "{0} is said to demand a login, and no such operation of the document demands a token: correct method and path, as \
         in `.step_up(\"POST\", \"/payments\", &policy)`, or declare its `security`"
    )]
    NoSuchOperation(String),
    /// An operation was said to demand a login, by a policy that demands none.
    #[error(
        "{0} is said to demand a login by a policy that no login could meet: give `.step_up` one with `Policy::acr` or \
         `Policy::authenticated_within`"
    )]
    NoLogin(String),
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for SecurityDocsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SecurityDocs {
    /// Documents the refusals of this authenticator, with its realm and its bodies.
    pub fn new(authenticator: &Authenticator) -> Self {
        Self {
            authenticator: authenticator.clone(),
            schemes: Vec::new(),
            scopes: Vec::new(),
            step_ups: Vec::new(),
        }
    }

    /// Adds the OAuth 2.0 password flow, as the Authorize button of a documentation page uses it.
    ///
    /// A relative `token_url` works behind a proxy too. Swagger UI resolves it against its own page: use `../token` if
    /// that is `/docs/`, as with utoipa-swagger-ui, and `token` if it is `/docs`, as with FastAPI.
    pub fn password(self, name: impl Into<String>, token_url: impl Into<String>) -> Self {
        self.scheme(name.into(), Kind::Password { token_url: token_url.into(), refresh_url: None })
    }

    /// Like [`password`](Self::password), with refresh tokens issued at the same URL.
    pub fn password_with_refresh(self, name: impl Into<String>, token_url: impl Into<String>) -> Self {
        let token_url = token_url.into();
        self.scheme(name.into(), Kind::Password { refresh_url: Some(token_url.clone()), token_url })
    }

    /// Adds the OAuth 2.0 authorization code flow of an identity provider.
    pub fn authorization_code(
        self,
        name: impl Into<String>,
        authorization_url: impl Into<String>,
        token_url: impl Into<String>,
    ) -> Self {
        let (authorization_url, token_url) = (authorization_url.into(), token_url.into());
        self.scheme(name.into(), Kind::AuthorizationCode { authorization_url, token_url })
    }

    /// Adds a bearer token, wherever it comes from.
    pub fn bearer(self, name: impl Into<String>) -> Self {
        self.credential_source(name, &CredentialSource::Bearer)
    }

    /// Adds a token, wherever it comes from, in one of the places that the authenticator takes it from: the scheme `bearer`
    /// or `basic` of HTTP, or an `apiKey` in a cookie or a header field.
    ///
    /// Declare one requirement for each, since a request must have the token in one place only:
    /// `security(("cookie" = []), ("key" = []))`. A WebSocket's subprotocol is documented as an `apiKey` in the field
    /// `Sec-WebSocket-Protocol`, since OpenAPI knows no other way.
    pub fn credential_source(self, name: impl Into<String>, source: &CredentialSource) -> Self {
        self.scheme(name.into(), Kind::Token(source.clone()))
    }

    /// Adds OpenID Connect Discovery, at the issuer that the verifier expects.
    pub fn open_id_connect(self, name: impl Into<String>, issuer: &str) -> Self {
        self.scheme(name.into(), Kind::OpenIdConnect { url: discovery(issuer), describes: None })
    }

    /// Adds OpenID Connect Discovery at the first authorization server of the resource, and names the resource's metadata
    /// ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)), which have all of them. Give it the resource that the
    /// authenticator [has](Authenticator::with_protected_resource).
    pub fn protected_resource(self, name: impl Into<String>, resource: &ProtectedResource) -> Self {
        let metadata = resource.metadata_url();
        let describes = Some(format!("Protected resource metadata (RFC 9728): {metadata}"));
        // Only a resource with one is ever built.
        let url = resource.authorization_servers().next().map(discovery).unwrap_or_default();
        self.scheme(name.into(), Kind::OpenIdConnect { url, describes })
    }

    /// Documents that an operation demands a login, by [`Policy::acr`] or [`Policy::authenticated_within`]
    /// ([RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)): its response 401 gets an example
    /// `insufficient_user_authentication`, with the challenge that asks for it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use auth_core::Policy;
    /// # use auth_utoipa::SecurityDocs;
    /// # fn documented(docs: SecurityDocs) -> SecurityDocs {
    /// let recent = Policy::authenticated_within(Duration::from_secs(300));
    /// docs.step_up("POST", "/payments", &recent)
    /// # }
    /// ```
    ///
    /// Give it the policy of the guard. OpenAPI itself has no place for such a demand.
    pub fn step_up(mut self, method: &str, path: &str, policy: &Policy) -> Self {
        self.step_ups.push((format!("{} {path}", method.to_ascii_uppercase()), policy.clone()));
        self
    }

    /// Adds a scope that clients can request, and a text that says what it allows.
    pub fn scope(mut self, scope: Scope, allows: impl Into<String>) -> Self {
        self.scopes.push((scope, allows.into()));
        self
    }

    fn scheme(mut self, name: String, kind: Kind) -> Self {
        self.schemes.push((name, kind));
        self
    }

    /// Completes a document:
    ///
    /// 1. `components.securitySchemes` gets the schemes.
    /// 2. Every operation that demands one of them gets the response 401, and 403 if it demands a scope. Each has its
    ///    challenge and body. A response that the operation documents itself stays.
    ///
    /// The demands of an operation stay as it declares them: `security(("oauth2" = [ORDERS_READ]))`; for an optional
    /// token, `security((), ("oauth2" = []))`. An operation that declares nothing has the demands of the document; note
    /// that utoipa's `nest` and `merge` take those over from inner documents.
    ///
    /// # Errors
    ///
    /// Returns a [`SecurityDocsError`] if a scheme or scope is missing, or a name is taken.
    pub fn apply(&self, mut document: OpenApi) -> Result<OpenApi, SecurityDocsError> {
        if self.schemes.is_empty() {
            return Err(SecurityDocsError::NoScheme);
        }
        let components = document.components.get_or_insert_with(Components::new);
        for (name, kind) in &self.schemes {
            if components.security_schemes.contains_key(name) {
                return Err(SecurityDocsError::SchemeTwice(name.clone()));
            }
            components.add_security_scheme(name, self.documented(kind));
        }
        let known: BTreeSet<_> = components.security_schemes.keys().cloned().collect();
        let refusals = Refusals::new(&self.authenticator);
        if !refusals.add_schema(components) {
            return Err(SecurityDocsError::SchemaTwice);
        }

        let for_all = demands(document.security.as_deref().unwrap_or_default());
        self.check(&for_all, &known, || "the whole document".to_owned())?;
        let mut step_ups = self.step_ups()?;
        let referred = document.components.iter_mut().flat_map(|components| &mut components.path_items);
        for (path, item) in document.paths.paths.iter_mut().chain(referred) {
            for (method, operation) in operations(item) {
                let demands = operation.security.as_deref().map_or_else(|| for_all.clone(), demands);
                self.check(&demands, &known, || format!("{method} {path}"))?;
                if demands.iter().any(|demand| demand.keys().any(|scheme| self.has(scheme))) {
                    let is_safe = matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS");
                    let other_sites = match !is_safe && self.takes_what_browsers_add(&demands) {
                        true => OtherSites::Refused,
                        false => OtherSites::NotTold,
                    };
                    let step_up = step_ups.remove(&format!("{method} {path}"));
                    refusals.add(operation, &demands, other_sites, step_up);
                }
            }
        }
        match step_ups.pop_first() {
            Some((operation, _)) => Err(SecurityDocsError::NoSuchOperation(operation)),
            None => Ok(document),
        }
    }

    /// How the operations that demand a login ask for it.
    fn step_ups(&self) -> Result<BTreeMap<String, Rejection>, SecurityDocsError> {
        let step_up = |(operation, policy): &(String, Policy)| {
            let refusal = self.authenticator.example_of_insufficient(policy);
            match refusal.reason() {
                Reason::InsufficientUserAuthentication => Ok((operation.clone(), refusal)),
                _ => Err(SecurityDocsError::NoLogin(operation.clone())),
            }
        };
        self.step_ups.iter().map(step_up).collect()
    }

    fn documented(&self, kind: &Kind) -> SecurityScheme {
        let scopes =
            || Scopes::from_iter(self.scopes.iter().map(|(name, allows)| (name.as_str(), allows.as_str())));
        match kind {
            Kind::Password { token_url, refresh_url } => {
                let mut flow = Password::new(token_url, scopes());
                flow.refresh_url.clone_from(refresh_url);
                SecurityScheme::OAuth2(OAuth2::new([Flow::Password(flow)]))
            }
            Kind::AuthorizationCode { authorization_url, token_url } => {
                let flow = AuthorizationCode::new(authorization_url, token_url, scopes());
                SecurityScheme::OAuth2(OAuth2::new([Flow::AuthorizationCode(flow)]))
            }
            Kind::Token(source) => of_source(source),
            Kind::OpenIdConnect { url, describes } => {
                let mut scheme = OpenIdConnect::new(url);
                scheme.description.clone_from(describes);
                SecurityScheme::OpenIdConnect(scheme)
            }
        }
    }

    fn has(&self, scheme: &str) -> bool {
        self.schemes.iter().any(|(name, _)| name == scheme)
    }

    /// Whether something may satisfy one of these demands that browsers, or gateways for them, add by themselves.
    fn takes_what_browsers_add(&self, demands: &[Demand]) -> bool {
        use CredentialSource::{Basic, Cookie, Header};
        let is_added = |kind: &Kind| matches!(kind, Kind::Token(Cookie(_) | Basic | Header(_)));
        let mut added = self.schemes.iter().filter(|(_, kind)| is_added(kind));
        added.any(|(name, _)| demands.iter().any(|demand| demand.contains_key(name)))
    }

    fn check(
        &self,
        demands: &[Demand],
        known: &BTreeSet<String>,
        operation: impl Fn() -> String,
    ) -> Result<(), SecurityDocsError> {
        for (scheme, scopes) in demands.iter().flatten() {
            if !known.contains(scheme) {
                let (operation, scheme) = (operation(), scheme.clone());
                return Err(SecurityDocsError::UnknownScheme { operation, scheme });
            }
            let unknown =
                scopes.iter().find(|scope| !self.scopes.iter().any(|(known, _)| known.as_str() == *scope));
            if let Some(scope) = unknown.filter(|_| self.has(scheme)) {
                let (operation, scope) = (operation(), scope.clone());
                return Err(SecurityDocsError::UnknownScope { operation, scope });
            }
        }
        Ok(())
    }
}

/// Prints the names of the schemes.
impl fmt::Debug for SecurityDocs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.schemes.iter().map(|(name, _)| name).collect();
        f.debug_struct("SecurityDocs").field("schemes", &names).finish_non_exhaustive()
    }
}

/// Where an issuer's discovery document is (OpenID Connect Discovery 1.0 section 4).
fn discovery(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

fn of_source(source: &CredentialSource) -> SecurityScheme {
    let http = |scheme| HttpBuilder::new().scheme(scheme);
    let key = |name: &str| ApiKeyValue::with_description(name, "The token, and nothing else");
    match source {
        CredentialSource::Cookie(name) => SecurityScheme::ApiKey(ApiKey::Cookie(key(name))),
        CredentialSource::Header(name) => SecurityScheme::ApiKey(ApiKey::Header(key(name))),
        CredentialSource::WebSocketProtocol => {
            let describes = "Subprotocols, one of which is `bearer.` and the token";
            let value = ApiKeyValue::with_description("Sec-WebSocket-Protocol", describes);
            SecurityScheme::ApiKey(ApiKey::Header(value))
        }
        CredentialSource::Basic => {
            let basic = http(HttpAuthScheme::Basic).description(Some("The password is the token"));
            SecurityScheme::Http(basic.build())
        }
        _ => SecurityScheme::Http(http(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (String, &mut Operation)> {
    let PathItem {
        get, put, post, delete, options, head, patch, trace, query, additional_operations, ..
    } = item;
    let known = [
        ("GET", get),
        ("PUT", put),
        ("POST", post),
        ("DELETE", delete),
        ("OPTIONS", options),
        ("HEAD", head),
        ("PATCH", patch),
        ("TRACE", trace),
        ("QUERY", query),
    ];
    let known =
        known.into_iter().filter_map(|(method, operation)| Some((method.to_owned(), operation.as_mut()?)));
    known.chain(additional_operations.iter_mut().map(|(method, operation)| (method.clone(), operation)))
}
