//! Describes a protected resource.

use super::error::{InvalidResource, UrlPlace};
use super::protected_resource::{Description, ProtectedResource};
use super::url::{self, LoopbackHttp};
use crate::token::scope::Scope;

const MAX_NAME_BYTES: usize = 256;

/// No resource demands it: it is between clients and their authorization server.
const OFFLINE_ACCESS: &str = "offline_access";

/// Describes a [`ProtectedResource`].
#[derive(Clone, Debug)]
#[must_use = "`build` it"]
pub struct ProtectedResourceBuilder {
    description: Description,
    loopback_http: LoopbackHttp,
}

impl ProtectedResource {
    /// Describes the resource with this identifier: the URL under which clients use it, such as
    /// `https://api.example.com/mcp`, or `https://api.example.com` for all of a host. Best without a slash at the end:
    /// clients compare it with what their users typed.
    pub fn builder(identifier: impl Into<String>) -> ProtectedResourceBuilder {
        let description = Description { identifier: identifier.into(), ..Description::default() };
        ProtectedResourceBuilder { description, loopback_http: LoopbackHttp::Refused }
    }
}

impl ProtectedResourceBuilder {
    /// Names an authorization server whose access tokens are accepted: its issuer, byte for byte as the verifier expects
    /// it. Called again, it names one more; clients choose.
    ///
    /// That the verifier accepts its tokens is not checked.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.description.authorization_servers.push(issuer.into());
        self
    }

    /// Names several authorization servers, such as all [issuers](crate::JwtVerifier::issuers) of a verifier.
    pub fn authorization_servers(mut self, issuers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.description.authorization_servers.extend(issuers.into_iter().map(Into::into));
        self
    }

    /// Names scopes that clients may request, beside those named before. Leave away those that only some clients may know
    /// of.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.description.scopes.extend(scopes);
        self
    }

    /// Names the resource for people, such as `Orders`: up to 256 bytes.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.description.name = Some(name.into());
        self
    }

    /// The page for developers who want to use the resource. It may have a query and a fragment.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.description.documentation = Some(url.into());
        self
    }

    /// Allows `http://` in URLs of this machine: hosts `localhost`, `127.0.0.0/8` and `[::1]`. For development; nobody else
    /// can use such metadata.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.loopback_http = LoopbackHttp::Allowed;
        self
    }

    /// Checks everything, and writes the metadata.
    ///
    /// # Errors
    ///
    /// [`InvalidResource`] says what is wrong, what was expected and what to do:
    ///
    /// - a URL that is not https, or not written as clients would write it; a resource or an authorization server with a
    ///   query or a fragment. RFC 9728 section 1.2 says that a resource should have no query; it is refused here, since
    ///   routes are told apart by their paths;
    /// - no authorization server, or one or a scope that is named twice;
    /// - the scope `offline_access`; a name that is empty or too long.
    pub fn build(self) -> Result<ProtectedResource, InvalidResource> {
        let Self { description, loopback_http } = self;
        let vet = |place, url: &str| url::vet(place, url, loopback_http);
        vet(UrlPlace::Resource, &description.identifier)?;
        for server in &description.authorization_servers {
            vet(UrlPlace::AuthorizationServer, server)?;
        }
        if let Some(page) = &description.documentation {
            vet(UrlPlace::Documentation, page)?;
        }
        if description.authorization_servers.is_empty() {
            return Err(InvalidResource::NoAuthorizationServer);
        }
        if let Some(server) = first_twice(&description.authorization_servers) {
            return Err(InvalidResource::AuthorizationServerTwice(server.clone()));
        }
        if description.scopes.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            return Err(InvalidResource::OfflineAccess);
        }
        if let Some(scope) = first_twice(&description.scopes) {
            return Err(InvalidResource::ScopeTwice(scope.clone()));
        }
        let is_line = |name: &str| {
            !name.trim().is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(char::is_control)
        };
        if description.name.as_deref().is_some_and(|name| !is_line(name)) {
            return Err(InvalidResource::Name);
        }
        Ok(ProtectedResource::new(description))
    }
}

fn first_twice<T: PartialEq>(all: &[T]) -> Option<&T> {
    let mut places = all.iter().enumerate();
    places.find_map(|(place, one)| all.iter().take(place).any(|earlier| earlier == one).then_some(one))
}
