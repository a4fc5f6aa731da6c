//! The builder's methods for what issuers send beside the specifications, each with its name.

use super::builder::JwtVerifierBuilder;
use super::header::Zip;
use super::required::RequiredClaim;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_rules::{Nulls, ScopeSpelling};
use crate::token::claim_value::ClaimValue;

/// # For tokens as some issuers send them
///
/// Each of these is off unless called, and says what it gives up.
impl JwtVerifierBuilder {
    /// Accepts one issuer for each of these tenants. `template` has `{tenantid}` where their `iss` have the tenant, as
    /// the metadata of Microsoft Entra ID write it.
    ///
    /// ```
    /// use auth_core::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder().issuer_for_tenants(
    ///     "https://login.microsoftonline.com/{tenantid}/v2.0",
    ///     ["9188040d-6c67-4c5b-b112-36a304b66dad"],
    /// );
    /// ```
    ///
    /// Claim `tid` must be one of the tenants, `iss` the template with it, and, if the key that verifies the token has
    /// a member `issuer`, that too must be the token's issuer. Tenants are GUIDs; the list is compared in lower case.
    ///
    /// Subjects are unique only within a tenant: use `tid` together with `sub` (or `oid`).
    #[must_use]
    pub fn issuer_for_tenants<T: Into<String>>(
        mut self,
        template: impl Into<String>,
        tenants: impl IntoIterator<Item = T>,
    ) -> Self {
        let tenants = tenants.into_iter().map(Into::into).collect();
        self.issuers.templates.push((template.into(), tenants));
        self
    }

    /// Compares another claim in place of `aud`, for issuers whose access tokens have none: `client_id` (Amazon
    /// Cognito) or `azp` (Clerk).
    ///
    /// The claim must be one of the values, or an array of strings that holds one. `aud` is not looked at.
    ///
    /// Gives up that the issuer says whom a token is for: list only clients whose tokens this API shall accept.
    #[must_use]
    pub fn audience_in<V: Into<String>>(
        mut self,
        claim: impl Into<ClaimPath>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.audiences.claims.push((claim.into(), values));
        self
    }

    /// Takes the subject from this claim if `sub` is absent or empty, as Keycloak 25 and later and many issuers leave it
    /// out of tokens of machines. Called again, it adds a claim that is tried after those before.
    ///
    /// [`subject`](crate::VerifiedToken::subject) is that claim then. Policies on claims, and the application's own claims
    /// type, still see the claims as they were sent.
    ///
    /// Gives up that all subjects come from one namespace: a client called like a user would pass for the user. Use it
    /// if clients and users cannot have the same names, as with ids that the issuer makes up.
    #[must_use]
    pub fn subject_or(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.options.subject.instead.push(claim.into());
        self
    }

    /// Accepts tokens whose `sub` is absent or empty.
    ///
    /// Such a token has no subject: [`subject_opt`](crate::VerifiedToken::subject_opt) is `None`, and
    /// [`subject`](crate::VerifiedToken::subject) is empty. Never use the latter as a key then: all such tokens would
    /// share it. `CurrentUser` refuses them.
    #[must_use]
    pub fn allow_missing_subject(mut self) -> Self {
        self.options.subject.may_be_missing = true;
        self
    }

    /// Accepts `scope` as an array of strings too, as Spring Authorization Server and Duende IdentityServer send it; and, in
    /// `scope` and `scp`, a name that stands there twice, and any number of spaces between, before and after names.
    ///
    /// Gives up nothing but strictness: what is granted is what is named.
    #[must_use]
    pub fn lenient_scope(mut self) -> Self {
        self.options.claims.scopes = ScopeSpelling::Lenient;
        self
    }

    /// Takes `null` for absence in `nbf`, `jti`, `client_id` and `scope`, for issuers whose serializer writes it.
    ///
    /// Never in other claims: a token with `"exp":null` is refused.
    #[must_use]
    pub fn null_is_absent(mut self) -> Self {
        self.options.claims.nulls = Nulls::Absent;
        self
    }

    /// Accepts tokens of up to this many bytes: 8,192 (8 KiB) unless said otherwise, up to 65,536. Tokens of Entra ID
    /// with 200 groups have about 12,000.
    ///
    /// A longer token costs more memory and time before it is refused. The server and the proxies before it have to
    /// accept header fields of this size, too; many proxies stop at 8 KiB.
    #[must_use]
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.options.max_token_bytes = bytes;
        self
    }

    /// Accepts claims with any number of members; the size of the token bounds them. The bound is 256 otherwise, which
    /// Keycloak's `resource_access` exceeds with 121 clients.
    ///
    /// Reading takes time in proportion to the size, whatever the number of members.
    #[must_use]
    pub fn members_bounded_by_bytes(mut self) -> Self {
        self.options.claims.max_members = usize::MAX;
        self
    }

    /// Accepts the header parameter `"zip":"NONE"`, as ForgeRock writes it into tokens that are not compressed. Every
    /// other value of `zip` refuses.
    #[must_use]
    pub fn accept_zip_none(mut self) -> Self {
        self.options.zip = Zip::NoneAccepted;
        self
    }

    /// Accepts JWT-SVIDs of [SPIFFE](https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md): keys whose `use`
    /// is `jwt-svid`, and `typ` `JOSE`.
    ///
    /// A JWT-SVID need not have `iss`: its trust domain is in `sub`. Demand it there.
    #[must_use]
    pub fn accept_spiffe(mut self) -> Self {
        self.options.spiffe = true;
        self
    }

    /// Demands that this claim has this value, in every token, whatever policy a route has.
    ///
    /// ```
    /// use auth_core::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder()
    ///     .require_claim("token_use", "access") // Cognito: no ID tokens
    ///     .require_claim("email_verified", true);
    /// ```
    ///
    /// The types have to agree. Called again, all claims are demanded.
    #[must_use]
    pub fn require_claim(self, claim: impl Into<ClaimPath>, value: impl Into<ClaimValue>) -> Self {
        self.require_claim_in(claim, [value])
    }

    /// Like [`require_claim`](Self::require_claim), with several values of which one is enough.
    #[must_use]
    pub fn require_claim_in<V: Into<ClaimValue>>(
        mut self,
        claim: impl Into<ClaimPath>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.options.required.push(RequiredClaim { path: claim.into(), values });
        self
    }

    /// Accepts only tokens that were issued to one of these clients. Called again, it adds more.
    ///
    /// The client is in `client_id`, `azp`, `cid` or `appid`, as issuers have it. If a token has several of these, each
    /// must name an allowed client.
    #[must_use]
    pub fn allow_clients<V: Into<String>>(mut self, clients: impl IntoIterator<Item = V>) -> Self {
        let clients = clients.into_iter().map(Into::into);
        self.options.clients.get_or_insert_default().extend(clients);
        self
    }

    /// Builds a verifier without keys, which [`JwtVerifier::keys`](crate::JwtVerifier::keys) will bring. Until then no
    /// verdict can be had: requests are answered 503.
    #[must_use]
    pub fn keys_later(mut self) -> Self {
        self.options.keys_later = true;
        self
    }
}
