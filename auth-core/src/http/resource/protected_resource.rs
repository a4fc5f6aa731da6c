//! What this server tells clients about itself.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::metadata::{MetadataAnswer, answer};
use super::url;
use crate::http::head::RequestHead;
use crate::token::scope::Scope;

/// What this server tells clients about itself: the metadata of a protected resource
/// ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)). Cheap to clone.
///
/// A client that knows nothing but the URL of an API or MCP server sends a request, is refused with 401, and reads in the
/// challenge where the metadata are. They name the authorization server and the scopes to ask for.
///
/// ```
/// use auth_core::{Authenticator, JwtVerifier, ProtectedResource, Scope};
///
/// # fn app(keys: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let resource = ProtectedResource::builder("https://api.example.com/mcp")
///     .authorization_server("https://issuer.example")
///     .scopes([Scope::from_static("orders:read"), Scope::from_static("orders:write")])
///     .name("Orders")
///     .build()?;
///
/// let verifier = JwtVerifier::builder()
///     .issuer("https://issuer.example")
///     .audience(resource.identifier()) // clients ask for tokens for the resource (RFC 8707 section 2)
///     .jwks(keys)
///     .build()?;
/// let auth = Authenticator::new(verifier).with_protected_resource(&resource);
/// # Ok(())
/// # }
/// # let resource = ProtectedResource::builder("https://api.example.com/mcp");
/// # let resource = resource.authorization_server("https://issuer.example").build().unwrap();
/// assert_eq!(
///     resource.metadata_url(),
///     "https://api.example.com/.well-known/oauth-protected-resource/mcp"
/// );
/// ```
///
/// An adapter serves the metadata at two paths: at [`metadata_path`](Self::metadata_path), and at
/// [`ROOT_PATH`](Self::ROOT_PATH), where some clients look first. They must be outside every guard, at the root of the
/// host: clients have no token yet.
///
/// Everything is written when it is built, from what was configured. The Host field of a request is never read, so nobody
/// can send clients to an authorization server of their own.
///
/// What is not checked, since a proxy may change paths on the way: that the server is reached under the URL, and that the
/// resource is a prefix of the routes it stands for. Clients check it: one that was told another resource than the URL that
/// it asked for stops (section 3.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtectedResource(Arc<Written>);

#[derive(Debug, Eq, PartialEq)]
struct Written {
    identifier: String,
    authorization_servers: Vec<String>,
    scopes: Vec<Scope>,
    metadata_url: Arc<str>,
    metadata_path: String,
    metadata: Bytes,
}

/// What is to be written, once it is vetted.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    pub(super) identifier: String,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes: Vec<Scope>,
    pub(super) name: Option<String>,
    pub(super) documentation: Option<String>,
}

/// The members of the metadata ([section 2](https://www.rfc-editor.org/rfc/rfc9728#section-2)), in the order in which they
/// are written.
#[derive(Serialize)]
struct Metadata<'a> {
    resource: &'a str,
    authorization_servers: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'a str>,
}

impl ProtectedResource {
    /// Where some clients look for the metadata, whatever the path of the resource is.
    pub const ROOT_PATH: &'static str = "/.well-known/oauth-protected-resource";

    /// Writes what was vetted.
    pub(super) fn new(vetted: Description) -> Self {
        let (origin, _) = url::split(&vetted.identifier);
        // Section 3.1: a slash that ends the host is not inserted.
        let inserted = Some(url::path(&vetted.identifier)).filter(|path| *path != "/").unwrap_or_default();
        let metadata_path = format!("{}{inserted}", Self::ROOT_PATH);
        let metadata = Metadata {
            resource: &vetted.identifier,
            authorization_servers: &vetted.authorization_servers,
            scopes_supported: vetted.scopes.iter().map(Scope::as_str).collect(),
            bearer_methods_supported: ["header"],
            resource_name: vetted.name.as_deref(),
            resource_documentation: vetted.documentation.as_deref(),
        };
        Self(Arc::new(Written {
            // Texts and arrays of texts: writing them cannot fail.
            metadata: serde_json::to_vec(&metadata).unwrap_or_default().into(),
            metadata_url: format!("{origin}{metadata_path}").into(),
            metadata_path,
            identifier: vetted.identifier,
            authorization_servers: vetted.authorization_servers,
            scopes: vetted.scopes,
        }))
    }

    /// The URL of the resource, for which clients ask tokens: give it to the verifier as the audience.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.0.identifier
    }

    /// The issuers whose tokens are accepted.
    pub fn authorization_servers(&self) -> impl Iterator<Item = &str> {
        self.0.authorization_servers.iter().map(String::as_str)
    }

    /// The scopes that clients may request.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.0.scopes
    }

    /// Where the metadata are, as challenges say: the resource with
    /// [`/.well-known/oauth-protected-resource`](Self::ROOT_PATH) inserted before its path
    /// ([section 3.1](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)).
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.0.metadata_url
    }

    /// The path of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        &self.0.metadata_path
    }

    /// The metadata: a JSON object, always the same bytes.
    #[must_use]
    pub fn metadata(&self) -> Bytes {
        self.0.metadata.clone()
    }

    /// Answers a request for the metadata; `None` if it is for something else. For adapters, and for frameworks without one.
    ///
    /// | request | answer |
    /// |---|---|
    /// | `GET`, `HEAD` | 200, `application/json`, `Cache-Control: public, max-age=3600`, `Access-Control-Allow-Origin: *` |
    /// | a CORS preflight request | 204, allowed for all origins and fields: the metadata are public |
    /// | any other method | 405, `Allow: GET, HEAD` |
    ///
    /// The path is compared byte by byte with both paths. The query and the Host field are not looked at. An answer to `HEAD`
    /// has a body; servers leave it away.
    #[must_use]
    pub fn answer(&self, request: &impl RequestHead) -> Option<MetadataAnswer> {
        let target = request.target();
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        self.has_metadata_at(path).then(|| answer(request, &self.0.metadata))
    }

    /// Whether its metadata are at this path, as it was sent and without the query.
    #[must_use]
    pub fn has_metadata_at(&self, path: &str) -> bool {
        path.starts_with(Self::ROOT_PATH)
            && (path.len() == Self::ROOT_PATH.len() || path == self.0.metadata_path)
    }

    pub(crate) fn shared_metadata_url(&self) -> &Arc<str> {
        &self.0.metadata_url
    }
}
