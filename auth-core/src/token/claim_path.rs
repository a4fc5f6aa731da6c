//! Where a claim stands.

use std::fmt;
use std::sync::Arc;

/// Where a claim stands: the names of members from the outermost object inwards.
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
#[derive(Clone, Eq, PartialEq)]
pub struct ClaimPath(Arc<[Box<str>]>);

impl ClaimPath {
    /// `roles`: Microsoft Entra ID's app roles, RFC 9068 section 2.2.3.1, and the default.
    #[must_use]
    pub fn roles() -> Self {
        "roles".into()
    }

    /// `realm_access.roles`: Keycloak's roles of the realm.
    #[must_use]
    pub fn realm_access_roles() -> Self {
        ["realm_access", "roles"].into()
    }

    /// `resource_access.<client>.roles`: Keycloak's roles of one client.
    #[must_use]
    pub fn resource_access_roles(client: &str) -> Self {
        ["resource_access", client, "roles"].into()
    }

    /// `permissions`: Auth0's permissions of an API.
    #[must_use]
    pub fn permissions() -> Self {
        "permissions".into()
    }

    /// `groups`: RFC 9068 section 2.2.3.1, Okta, Microsoft Entra ID and others.
    #[must_use]
    pub fn groups() -> Self {
        "groups".into()
    }

    /// `cognito:groups`: the groups of Amazon Cognito.
    #[must_use]
    pub fn cognito_groups() -> Self {
        "cognito:groups".into()
    }

    /// The names from the outermost object inwards; one or more.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.0
    }

    pub(crate) fn begins_with(&self, name: &str) -> bool {
        self.0.first().is_some_and(|first| **first == *name)
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
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// The names with dots between.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimPath({self})")
    }
}
