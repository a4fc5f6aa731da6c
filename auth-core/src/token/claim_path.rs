//! Where a claim stands.

use std::fmt;
use std::sync::Arc;

/// Where a claim stands: the names of members from the outermost object inwards. And in which shape it holds its
/// values.
///
/// A text is the name of one outermost claim, with all its dots, since `https://example.com/roles` is such
/// a name too. Deeper ones are given name by name:
///
/// ```
/// use auth_core::ClaimPath;
///
/// let tenant = ClaimPath::from("tenant");
/// let roles = ClaimPath::from(["realm_access", "roles"]);
/// assert_eq!(roles, ClaimPath::realm_access_roles());
/// ```
///
/// ```compile_fail
/// auth_core::ClaimPath::from([""; 0]);
/// ```
///
/// # Shapes
///
/// [`Policy::role`](crate::Policy::role) and [`contains`](crate::policy::ClaimPolicy::contains) look for a value in
/// the claim. Providers write several values in different shapes, and the path says in which one:
///
/// | path | shape | JSON |
/// |---|---|---|
/// | as it is made | an array | `["admin","reader"]` |
/// | [`single()`](Self::single) | one value | `"admin"` |
/// | [`single_or_array()`](Self::single_or_array) | either of the two | `"admin"` or `["admin","reader"]` |
/// | [`keys()`](Self::keys) | the keys of an object | `{"admin":{},"reader":{}}` |
///
/// A claim of any other shape grants nothing, even if the policy is negated.
/// [`equals`](crate::policy::ClaimPolicy::equals) compares the whole claim and ignores the shape.
///
/// ```
/// use auth_core::{ClaimPath, Policy};
///
/// # let token = |claims| auth_core::VerifiedToken::assert_verified(claims).unwrap();
/// let supabase = token(serde_json::json!({"sub": "alice", "role": "admin"}));
/// assert!(Policy::role("admin").allows(&supabase.with_roles_at(ClaimPath::from("role").single())));
/// assert!(!Policy::role("admin").allows(&supabase.with_roles_at("role")));
/// ```
///
/// The functions that are named after providers know path and shape, as of November 2026.
#[derive(Clone, Eq, PartialEq)]
pub struct ClaimPath {
    names: Arc<[Box<str>]>,
    shape: Shape,
}

/// In which shape a claim holds its values.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub(crate) enum Shape {
    #[default]
    Array,
    Single,
    SingleOrArray,
    Keys,
}

impl ClaimPath {
    /// The claim is one value and no array: `"role":"admin"`.
    #[must_use]
    pub fn single(self) -> Self {
        Self { shape: Shape::Single, ..self }
    }

    /// The claim is one value or an array of values: `"role":"admin"` or `"role":["admin","reader"]`. For issuers
    /// that write an array only if there are several.
    #[must_use]
    pub fn single_or_array(self) -> Self {
        Self { shape: Shape::SingleOrArray, ..self }
    }

    /// The claim is an object, and its keys are the values: `"roles":{"admin":{"1234":"example.com"}}`.
    ///
    /// What stands below a key is not looked at, unless it is `null` or `false`. Such a key grants nothing, even if the
    /// policy is negated.
    #[must_use]
    pub fn keys(self) -> Self {
        Self { shape: Shape::Keys, ..self }
    }

    /// `roles`, an array: the default. App roles of Microsoft Entra ID, WorkOS with several roles, RFC 9068 section
    /// 2.2.3.1.
    #[doc(alias = "entra")]
    #[must_use]
    pub fn roles() -> Self {
        "roles".into()
    }

    /// `realm_access.roles`, an array: Keycloak's roles of the realm.
    #[doc(alias = "keycloak")]
    #[must_use]
    pub fn realm_access_roles() -> Self {
        ["realm_access", "roles"].into()
    }

    /// `resource_access.<client>.roles`, an array: Keycloak's roles of one client.
    #[doc(alias = "keycloak")]
    #[must_use]
    pub fn resource_access_roles(client: &str) -> Self {
        ["resource_access", client, "roles"].into()
    }

    /// `permissions`, an array: permissions of an API in Auth0, and those of WorkOS.
    #[doc(alias = "auth0")]
    #[doc(alias = "workos")]
    #[must_use]
    pub fn permissions() -> Self {
        "permissions".into()
    }

    /// `groups`, an array: authentik, Okta, Microsoft Entra ID (object ids) and others, RFC 9068 section 2.2.3.1.
    #[doc(alias = "authentik")]
    #[doc(alias = "okta")]
    #[must_use]
    pub fn groups() -> Self {
        "groups".into()
    }

    /// `cognito:groups`, an array: the groups of Amazon Cognito.
    #[must_use]
    pub fn cognito_groups() -> Self {
        "cognito:groups".into()
    }

    /// `urn:zitadel:iam:org:project:roles`, [keys](Self::keys) of an object: ZITADEL's roles of the project that the
    /// token was requested for.
    ///
    /// `{"admin":{"<organization id>":"<domain>"}}`. A role counts whichever organization granted it. If that matters,
    /// ask for the organization too: `Policy::claim(["urn:zitadel:iam:org:project:roles", "admin"])`, whose
    /// [`keys`](Self::keys) are the organizations.
    #[must_use]
    pub fn zitadel_project_roles() -> Self {
        Self::from("urn:zitadel:iam:org:project:roles").keys()
    }

    /// `urn:zitadel:iam:org:project:<project id>:roles`, [keys](Self::keys) of an object: ZITADEL's roles of one
    /// project, in tokens for several.
    #[must_use]
    pub fn zitadel_roles_of_project(project_id: &str) -> Self {
        Self::from(format!("urn:zitadel:iam:org:project:{project_id}:roles")).keys()
    }

    /// `role`, a [single](Self::single) string: Supabase's role in the database, `authenticated` or `service_role`.
    ///
    /// For the role that an access token hook of Supabase's guides adds, use `ClaimPath::from("user_role").single()`.
    #[must_use]
    pub fn supabase_role() -> Self {
        Self::from("role").single()
    }

    /// `o.rol`, a [single](Self::single) string: the role in the active organization, in version 2 of Clerk's session
    /// tokens.
    ///
    /// Without the prefix `org:` that Clerk's dashboard shows: `Policy::role("admin")`.
    #[must_use]
    pub fn clerk_org_role() -> Self {
        Self::from(["o", "rol"]).single()
    }

    /// `org_role`, a [single](Self::single) string: the role in the active organization, in version 1 of Clerk's
    /// session tokens.
    ///
    /// With its prefix: `Policy::role("org:admin")`.
    #[must_use]
    pub fn clerk_v1_org_role() -> Self {
        Self::from("org_role").single()
    }

    /// `role`, a [single](Self::single) string: the role in WorkOS's organization. For several roles see
    /// [`roles`](Self::roles).
    #[must_use]
    pub fn workos_role() -> Self {
        Self::from("role").single()
    }

    /// `role`, a [single string or an array](Self::single_or_array): Duende IdentityServer and ASP.NET Core Identity,
    /// which write an array if there are several roles.
    #[doc(alias = "duende")]
    #[doc(alias = "aspnet")]
    #[must_use]
    pub fn identity_server_role() -> Self {
        Self::from("role").single_or_array()
    }

    /// The names from the outermost object inwards; one or more.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) fn begins_with(&self, name: &str) -> bool {
        self.names.first().is_some_and(|first| **first == *name)
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        [name].into()
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        [name].into()
    }
}

impl<S: Into<Box<str>>, const N: usize> From<[S; N]> for ClaimPath {
    fn from(names: [S; N]) -> Self {
        const { assert!(N > 0, "a path has at least one name") }
        Self { names: names.into_iter().map(Into::into).collect(), shape: Shape::default() }
    }
}

/// The names with dots between. The shape shows in `Debug`.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join("."))
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Array => write!(f, "ClaimPath({self})"),
            Shape::Single => write!(f, "ClaimPath({self}, single)"),
            Shape::SingleOrArray => write!(f, "ClaimPath({self}, single or array)"),
            Shape::Keys => write!(f, "ClaimPath({self}, keys)"),
        }
    }
}
