//! What can be wrong with a configuration.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::jwk::set::{JwkSetError, SkippedKey};
use crate::key::error::KeyError;

/// Why a [`JwtVerifier`](crate::JwtVerifier) cannot be built.
///
/// `Debug` prints what `Display` does, for that is what an error looks like that `main` returns.
#[derive(Clone, Eq, PartialEq)]
pub struct BuildError {
    pub(super) problems: Vec<Problem>,
}

impl BuildError {
    /// All there is to mend; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot verify tokens with this configuration: ")?;
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}

/// One thing that is wrong with the configuration, and what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No issuer was given.
    #[error("no issuer: call `.issuer(\"https://...\")` with the `iss` of your tokens")]
    NoIssuer,
    /// The issuer is empty, which no issuer is.
    #[error("the issuer is empty: give the `iss` of your tokens")]
    EmptyIssuer,
    /// A plain issuer holds `{` or `}`, as the templates of metadata do.
    #[error(
        "the issuer holds `{{`: it is a template, and no token has it as `iss`. \
         Call `.issuer_for_tenants(\"https://.../{{tenantid}}/...\", [\"<tenant>\"])`"
    )]
    IssuerIsTemplate,
    /// A template without exactly one `{tenantid}`.
    #[error("the template of `.issuer_for_tenants(...)` must hold `{{tenantid}}` once, and no other brace")]
    TenantTemplate,
    /// A template without tenants.
    #[error("no tenant: list the tenants that may come in `.issuer_for_tenants(template, [...])`")]
    NoTenants,
    /// What was given as a tenant is no GUID.
    #[error(
        "tenant {position} of `.issuer_for_tenants(...)` is no GUID: give the tenant's id \
         (Entra admin center, Overview), not its domain, and none of `common` and `organizations`"
    )]
    TenantIsNoGuid {
        /// Its place in the list, counted from 1.
        position: usize,
    },
    /// Several of `issuer`, `issuer_for_tenants` and `dangerously_accept_any_issuer`.
    #[error(
        "contradictory issuers: call either `.issuer(...)`, for each name that the issuer has, \
         or `.issuer_for_tenants(...)` once, or `.dangerously_accept_any_issuer()`"
    )]
    ContradictoryIssuers,
    /// Several of `audience`, `audience_in` and `dangerously_accept_any_audience`.
    #[error(
        "contradictory audiences: call either `.audience(...)`, for each name that this service has, \
         or `.audience_in(...)` once, or `.dangerously_accept_any_audience()`"
    )]
    ContradictoryAudiences,
    /// A claim is compared with no value, so that no token would pass.
    #[error("`.{method}({claim:?}, ...)` lists no value: list those that are accepted")]
    NoValues {
        /// The method of the builder.
        method: &'static str,
        /// The claim.
        claim: String,
    },
    /// `allow_clients` with no client, or one without a name.
    #[error(
        "`.allow_clients(...)` lists no client, or an empty one: list the ids of the clients that may call"
    )]
    NoClients,
    /// A bound of tokens that is too small or too large.
    #[error("`.max_token_bytes({bytes})` is out of range: 8,192 to 65,536 bytes (8 to 64 KiB) are accepted")]
    TokenBytesOutOfRange {
        /// What was asked for, in bytes.
        bytes: usize,
    },
    /// What was given to a preset is not an address of this provider.
    #[error("{given:?} is no address of {provider} that tokens can come from: give {expected}")]
    ProviderAddress {
        /// The provider.
        provider: &'static str,
        /// What should have been given.
        expected: &'static str,
        /// What was given.
        given: String,
    },
    /// Tokens of SPIFFE have no `typ` of RFC 9068.
    #[error("contradictory types: call either `.accept_spiffe()` or `.require_access_token_type()`")]
    ContradictoryTypes,
    /// Keys, and the promise to bring them later.
    #[error("`.keys_later()` is for a verifier without keys, and keys were given: leave one of them out")]
    KeysNowAndLater,
    /// No audience was given.
    #[error(
        "no audience: call `.audience(\"https://...\")` with the name of this service in the `aud` of its tokens"
    )]
    NoAudience,
    /// An audience is empty.
    #[error("an audience is empty: give the name of this service in the `aud` of its tokens")]
    EmptyAudience,
    /// Tokens would be accepted long after they expired.
    #[error("the leeway of {leeway:?} is too long: 300 s at most, better set the clocks")]
    LeewayTooLong {
        /// What was asked for.
        leeway: Duration,
    },
    /// `algorithms` was called with none.
    #[error("no algorithm is allowed: list one in `.algorithms(...)`, or leave the call out")]
    NoAlgorithms,
    /// No key was given.
    #[error(
        "no keys: call `.secret(...)`, `.public_key_pem(...)`, `.jwk(...)`, `.jwks(...)` or `.jwks_file(...)`"
    )]
    NoKeys,
    /// A key that was given cannot be used.
    #[error("key source {position}, `.{method}(...)`, cannot be used: {error}")]
    Key {
        /// The place of the call among those that give keys, counted from 1.
        position: usize,
        /// The method of the builder.
        method: &'static str,
        /// What is wrong with the key.
        error: KeyError,
    },
    /// A token could mean either of two keys.
    #[error("two keys have the same `kid` and go with the same algorithm: give each a `kid` of its own")]
    AmbiguousKid,
    /// More usable keys than [`JwtKeys::max_keys`](crate::jwt::JwtKeys::max_keys) allows.
    #[error(
        "there are {keys} usable keys, and {at_most} at most are accepted: withdraw those that no longer sign"
    )]
    TooManyKeys {
        /// How many of the keys can be used.
        keys: usize,
        /// How many are accepted.
        at_most: usize,
    },
    /// The file cannot be read.
    #[error("cannot read the JWK Set {}: {}", path.display(), told(*error))]
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// The kind of failure.
        error: io::ErrorKind,
    },
    /// The text is not a JWK Set.
    #[error("{} cannot be used: {error}", name(path.as_deref()))]
    JwkSet {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong.
        error: JwkSetError,
    },
    /// The set is empty, or none of its keys can be used.
    #[error("{} holds no usable key{}", name(path.as_deref()), reasons(skipped))]
    NoUsableKey {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// Why each of its keys cannot be used.
        skipped: Vec<SkippedKey>,
    },
}

fn told(error: io::ErrorKind) -> String {
    match error {
        io::ErrorKind::NotFound => {
            "there is no such file; a relative path begins at the current directory".to_owned()
        }
        io::ErrorKind::FileTooLarge => "it is larger than 256 KiB".to_owned(),
        io::ErrorKind::InvalidData => "it is not a text in UTF-8".to_owned(),
        other => other.to_string(),
    }
}

fn name(path: Option<&Path>) -> String {
    match path {
        Some(path) => format!("the JWK Set {}", path.display()),
        None => "the JWK Set".to_owned(),
    }
}

/// The first few; a reader of errors has seen enough by then.
fn reasons(skipped: &[SkippedKey]) -> String {
    let mut reasons: Vec<_> =
        skipped.iter().take(8).map(|key| format!("key {}: {}", key.index, key.error)).collect();
    if skipped.len() > reasons.len() {
        reasons.push(format!("and {} more", skipped.len() - reasons.len()));
    }
    if reasons.is_empty() {
        return ": its array `keys` is empty. Make a signing key at the issuer; \
                if it signs with a shared secret, give that to `secret`"
            .to_owned();
    }
    format!(" ({})", reasons.join("; "))
}
