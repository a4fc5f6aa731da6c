//! The identity providers that are known: what each puts where. Facts as of 2026-11.

use super::builder::JwtVerifierBuilder;
use super::provider::{DISCOVERY, Provider, without_slash};
use crate::token::claim_path::ClaimPath;

/// The issuer of all tenants, as Entra ID's metadata write it.
const ENTRA_TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

impl Provider {
    /// [Keycloak](https://www.keycloak.org): a realm, `https://id.example/realms/shop` (before Keycloak 17
    /// `https://id.example/auth/realms/shop`).
    ///
    /// Sets: roles from `realm_access.roles` ([`ClaimPath::resource_access_roles`] for those of a client); claim `typ`
    /// must be `Bearer`, which keeps ID tokens out; the subject of a machine without `sub` is `client_id`; 16 KiB, and
    /// any number of members, for users with many roles.
    ///
    /// Trap: `aud` is `account` until the client has an audience mapper for this API. A client that is called like the id
    /// of a user passes for that user, so take care who may create clients.
    #[must_use]
    pub fn keycloak(realm: &str) -> Self {
        let issuer = without_slash(realm);
        Self::new("Keycloak", &issuer, format!("{issuer}/protocol/openid-connect/certs"), move |verifier| {
            verifier
                .roles(ClaimPath::realm_access_roles())
                .require_claim("typ", "Bearer")
                .subject_or("client_id")
                .max_token_bytes(16 * 1024)
                .members_bounded_by_bytes()
        })
        .address(realm, "the address of a realm, such as `https://id.example/realms/shop`", |url| {
            url.contains("/realms/")
        })
    }

    /// [Auth0](https://auth0.com): a tenant, `https://shop.eu.auth0.com/`, or its custom domain.
    ///
    /// Sets: the issuer with its final slash; roles from `permissions`.
    ///
    /// Trap: an application that logs in without `audience` gets an opaque or encrypted token.
    #[must_use]
    pub fn auth0(tenant: &str) -> Self {
        let base = without_slash(tenant);
        let jwks = format!("{base}/.well-known/jwks.json");
        Self::new("Auth0", &format!("{base}/"), jwks, |verifier| verifier.roles(ClaimPath::permissions()))
            .metadata(format!("{base}{DISCOVERY}"))
            .address(tenant, "the address of a tenant, such as `https://shop.eu.auth0.com/`", |_| true)
    }

    /// [Microsoft Entra ID](https://learn.microsoft.com/entra/identity-platform/access-tokens), v2.0 tokens of one
    /// tenant, named by its id, a GUID.
    ///
    /// Sets: issuer, `tid` and the issuer of the key, as
    /// [`issuer_for_tenants`](JwtVerifierBuilder::issuer_for_tenants); claim `ver` must be `2.0`; roles from `roles`;
    /// 32 KiB, for users in 200 groups. The audience is the API's client id, a GUID.
    ///
    /// Trap: an API whose manifest leaves `requestedAccessTokenVersion` null gets v1.0 tokens, from `sts.windows.net`. A
    /// token for Microsoft Graph is nobody else's to verify. ID tokens are told apart by `aud` alone: a front end that
    /// shares the API's registration gets ID tokens that pass here.
    #[must_use]
    pub fn entra(tenant: &str) -> Self {
        let tenant = tenant.to_ascii_lowercase();
        let base = format!("https://login.microsoftonline.com/{tenant}");
        Self::of_entra(&format!("{base}/v2.0"), &base, vec![tenant])
    }

    /// Microsoft Entra ID, v2.0 tokens of these tenants and no others; see [`entra`](Self::entra).
    ///
    /// Trap: subjects are unique only within a tenant, so use `tid` together with `sub` or `oid`. `common` and
    /// `organizations` are no tenants.
    #[must_use]
    pub fn entra_multi_tenant<T: Into<String>>(tenants: impl IntoIterator<Item = T>) -> Self {
        let tenants = tenants.into_iter().map(Into::into).collect();
        Self::of_entra(ENTRA_TEMPLATE, "https://login.microsoftonline.com/organizations", tenants)
    }

    fn of_entra(issuer: &str, base: &str, tenants: Vec<String>) -> Self {
        Self::new("Microsoft Entra ID", issuer, format!("{base}/discovery/v2.0/keys"), |verifier| {
            verifier.require_claim("ver", "2.0").roles(ClaimPath::roles()).max_token_bytes(32 * 1024)
        })
        .of_tenants(ENTRA_TEMPLATE, tenants)
        .metadata(format!("{base}/v2.0{DISCOVERY}"))
    }

    /// [Amazon Cognito](https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html):
    /// a user pool, `https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf`, and the app clients whose tokens
    /// this API accepts.
    ///
    /// Sets: access tokens have no `aud`, so `client_id` must be one of the clients; claim `token_use` must be `access`;
    /// roles from `cognito:groups`. Do not set an audience.
    ///
    /// Trap: an ID token has an `aud`, and no scopes: it is refused here. A pool with an updated issuer is called
    /// `https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf`.
    #[must_use]
    pub fn cognito<C: Into<String>>(user_pool: &str, clients: impl IntoIterator<Item = C>) -> Self {
        let clients: Vec<String> = clients.into_iter().map(Into::into).collect();
        let issuer = without_slash(user_pool);
        Self::new("Amazon Cognito", &issuer, format!("{issuer}/.well-known/jwks.json"), move |verifier| {
            verifier
                .audience_in("client_id", clients.iter().map(String::as_str))
                .require_claim("token_use", "access")
                .roles(ClaimPath::cognito_groups())
        })
        .address(
            user_pool,
            "the address of a user pool, such as `https://cognito-idp.REGION.amazonaws.com/POOL`",
            |_| true,
        )
    }

    /// [Okta](https://developer.okta.com/docs/concepts/auth-servers/): a custom authorization server,
    /// `https://shop.okta.com/oauth2/default`.
    ///
    /// Sets: roles from `groups`. Scopes are in `scp`, the client in `cid`.
    ///
    /// Trap: tokens of the org authorization server, `https://shop.okta.com`, are not for local verification. Use a custom
    /// one.
    #[must_use]
    pub fn okta(authorization_server: &str) -> Self {
        let issuer = without_slash(authorization_server);
        Self::new("Okta", &issuer, format!("{issuer}/v1/keys"), |verifier| verifier.roles(ClaimPath::groups())).address(
            authorization_server,
            "the address of a custom authorization server, such as `https://shop.okta.com/oauth2/default` (tokens of the \
             org authorization server cannot be verified locally)",
            |url| url.contains("/oauth2/"),
        )
    }

    /// [Google](https://developers.google.com/identity/openid-connect/openid-connect): ID tokens of users who signed in
    /// to one of these clients.
    ///
    /// Sets: both spellings of the issuer; the audience, which is the client id. Do not set another.
    ///
    /// Trap: Google's access tokens are opaque. Its ID tokens have no scopes. Everybody with a Google Cloud project can have
    /// one for a service account, with these clients as `aud`: know users by `sub`, or demand `hd` or `azp`
    /// ([`require_claim`](JwtVerifierBuilder::require_claim), [`allow_clients`](JwtVerifierBuilder::allow_clients)).
    #[must_use]
    pub fn google<C: Into<String>>(clients: impl IntoIterator<Item = C>) -> Self {
        let clients: Vec<String> = clients.into_iter().map(Into::into).collect();
        let jwks = "https://www.googleapis.com/oauth2/v3/certs".to_owned();
        Self::new("Google", "https://accounts.google.com", jwks, move |verifier| {
            clients.iter().fold(verifier, JwtVerifierBuilder::audience)
        })
        .also_called("accounts.google.com")
    }

    /// [Firebase Authentication](https://firebase.google.com/docs/auth/admin/verify-id-tokens): the ID tokens of a
    /// project, named by its id.
    ///
    /// Sets: the audience, which is the project. Do not set another.
    ///
    /// Trap: the address in Firebase's documentation answers a map of certificates; [`jwks_uri`](Self::jwks_uri) has the
    /// same keys as a JWK Set.
    #[must_use]
    pub fn firebase(project: &str) -> Self {
        let jwks =
            "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
        let issuer = format!("https://securetoken.google.com/{project}");
        let project = project.to_owned();
        Self::new("Firebase", &issuer, jwks.to_owned(), move |verifier| verifier.audience(&project))
    }

    /// [Supabase](https://supabase.com/docs/guides/auth/jwts): a project, `https://REF.supabase.co`.
    ///
    /// Sets: the audience `authenticated`, which keeps API keys out; the role from `role`, one string. Do not set
    /// another audience.
    ///
    /// Trap: the key set of an old project is empty, since it signs by HS256: switch it to signing keys, or give its
    /// JWT secret to [`secret`](JwtVerifierBuilder::secret). Tokens of the project's OAuth clients pass for those of the
    /// user; they have a `client_id`, which sessions have not.
    #[must_use]
    pub fn supabase(project: &str) -> Self {
        let base = without_slash(project);
        let issuer = format!("{}/auth/v1", base.strip_suffix("/auth/v1").unwrap_or(&base));
        Self::new("Supabase", &issuer, format!("{issuer}/.well-known/jwks.json"), |verifier| {
            verifier.audience("authenticated").roles(ClaimPath::supabase_role())
        })
        .address(project, "the address of a project, such as `https://REF.supabase.co`", |_| true)
    }

    /// [Clerk](https://clerk.com/docs/backend-requests/resources/session-tokens): the Frontend API URL, such as
    /// `https://clerk.shop.example`, and the origins of the front ends that may call, such as `https://shop.example`.
    ///
    /// Sets: session tokens have no `aud`, so `azp` must be one of the origins; the role from `o.rol`, as in session
    /// tokens of version 2 ([`ClaimPath::clerk_v1_org_role`] for version 1). Do not set an audience.
    ///
    /// Trap: a session token lives 60 seconds; the front end has to ask for a new one for each request. Tokens of JWT
    /// templates, which are for others, are accepted too, since they have the same `azp`: `.require_claim("v", 2)` accepts
    /// none but session tokens of version 2.
    #[must_use]
    pub fn clerk<O: Into<String>>(frontend_api: &str, origins: impl IntoIterator<Item = O>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        let issuer = without_slash(frontend_api);
        Self::new("Clerk", &issuer, format!("{issuer}/.well-known/jwks.json"), move |verifier| {
            verifier.audience_in("azp", origins.iter().map(String::as_str)).roles(ClaimPath::clerk_org_role())
        })
        .address(frontend_api, "the Frontend API URL, such as `https://clerk.shop.example`", |_| true)
    }

    /// [Zitadel](https://zitadel.com/docs/apis/openidoauth/claims): an instance, `https://shop.zitadel.cloud`.
    ///
    /// Sets: roles from the keys of `urn:zitadel:iam:org:project:roles`. The audience is the project's id or the
    /// client's.
    ///
    /// Trap: access tokens are opaque until the application's token type is JWT. ID tokens have the same `aud`, and are not
    /// told apart.
    #[must_use]
    pub fn zitadel(instance: &str) -> Self {
        let issuer = without_slash(instance);
        Self::new("Zitadel", &issuer, format!("{issuer}/oauth/v2/keys"), |verifier| {
            verifier.roles(ClaimPath::zitadel_project_roles())
        })
        .address(
            instance,
            "the address of an instance, such as `https://shop.zitadel.cloud`",
            |_| true,
        )
    }

    /// [authentik](https://docs.goauthentik.io/add-secure-apps/providers/oauth2/): an application,
    /// `https://id.example/application/o/shop/`.
    ///
    /// Sets: the issuer with its final slash; roles from `groups`. The audience is the client id.
    ///
    /// Trap: without a signing key the provider signs by HS256, and its key set is `{}`.
    #[must_use]
    pub fn authentik(application: &str) -> Self {
        let issuer = format!("{}/", without_slash(application));
        Self::new("authentik", &issuer, format!("{issuer}jwks/"), |verifier| {
            verifier.roles(ClaimPath::groups())
        })
        .metadata(format!("{issuer}.well-known/openid-configuration"))
        .address(
            application,
            "the address of an application, such as `https://id.example/application/o/shop/`",
            |url| url.contains("/application/o/"),
        )
    }

    /// [Logto](https://docs.logto.io/authorization/validate-access-tokens): a tenant, `https://shop.logto.app`, with or
    /// without `/oidc`.
    ///
    /// Sets: `typ` must be `at+jwt`, which keeps ID tokens out. The audience is the API's indicator.
    ///
    /// Trap: an application that logs in without `resource` gets an opaque token.
    #[must_use]
    pub fn logto(tenant: &str) -> Self {
        let base = without_slash(tenant);
        let issuer = format!("{}/oidc", base.strip_suffix("/oidc").unwrap_or(&base));
        Self::new("Logto", &issuer, format!("{issuer}/jwks"), JwtVerifierBuilder::require_access_token_type)
            .address(tenant, "the address of a tenant, such as `https://shop.logto.app`", |_| true)
    }

    /// [WorkOS AuthKit](https://workos.com/docs/user-management/sessions): an environment, named by its client id
    /// (`client_...`).
    ///
    /// Sets: both issuers that are in use; the role from `role`, one string. **Any audience is accepted**, since access
    /// tokens of sessions name none and no client either: the keys are those of this one environment. Do not set an
    /// audience.
    ///
    /// Trap: sources disagree about `iss`. Look at a real token, and call
    /// [`JwtVerifier::builder`](crate::JwtVerifier::builder) yourself if it is another.
    #[must_use]
    pub fn workos(client: &str) -> Self {
        let (base, jwks) = ("https://api.workos.com", format!("https://api.workos.com/sso/jwks/{client}"));
        Self::new("WorkOS", &format!("{base}/user_management/{client}"), jwks, |verifier| {
            verifier.dangerously_accept_any_audience().roles(ClaimPath::workos_role())
        })
        .also_called(base)
        .also_called(&format!("{base}/"))
        .without_metadata()
    }

    /// [GitHub Actions](https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect):
    /// workflows of these repositories, named by their ids (`gh api repos/OWNER/NAME --jq .id`).
    ///
    /// Sets: claim `repository_id` must be one of the repositories. The audience is what the workflow asks for, and
    /// `https://github.com/OWNER` otherwise.
    ///
    /// Trap: names can be taken over, ids cannot. Never trust a prefix of `sub` alone.
    #[must_use]
    pub fn github_actions<R: Into<String>>(repository_ids: impl IntoIterator<Item = R>) -> Self {
        Self::of_github("repository_id", repository_ids.into_iter().map(Into::into).collect())
    }

    /// GitHub Actions: workflows of all repositories of these owners, named by their ids
    /// (`gh api users/OWNER --jq .id`); see [`github_actions`](Self::github_actions).
    #[must_use]
    pub fn github_actions_of_owners<O: Into<String>>(owner_ids: impl IntoIterator<Item = O>) -> Self {
        Self::of_github("repository_owner_id", owner_ids.into_iter().map(Into::into).collect())
    }

    fn of_github(claim: &'static str, ids: Vec<String>) -> Self {
        let issuer = "https://token.actions.githubusercontent.com";
        Self::new("GitHub Actions", issuer, format!("{issuer}/.well-known/jwks"), move |verifier| {
            verifier.require_claim_in(claim, ids.iter().map(String::as_str))
        })
    }

    /// [Kubernetes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/): service
    /// accounts of a cluster, whose issuer is `kubectl get --raw /.well-known/openid-configuration` → `issuer`.
    ///
    /// Sets nothing but issuer and addresses. The audience is what the pod's projected token asks for; the subject is
    /// `system:serviceaccount:NAMESPACE:NAME`.
    ///
    /// Trap: the key set needs a bearer token and the cluster's CA, unless the cluster is managed. Those of EKS and GKE are
    /// public, at addresses of their own that are known here; for others see `jwks_uri` in the metadata. A projected token
    /// without an audience of this API is for the API server.
    #[must_use]
    pub fn kubernetes(issuer: &str) -> Self {
        let base = without_slash(issuer);
        let jwks = match base.split("://").nth(1).unwrap_or_default() {
            host if host.starts_with("oidc.eks.") => "keys",
            host if host.starts_with("container.googleapis.com/") => "jwks",
            _ => "openid/v1/jwks",
        };
        Self::new("Kubernetes", issuer, format!("{base}/{jwks}"), |verifier| verifier)
            .metadata(format!("{base}{DISCOVERY}"))
            .address(
                issuer,
                "the cluster's issuer, such as `https://kubernetes.default.svc.cluster.local`",
                |_| true,
            )
    }

    /// [Spring Authorization Server](https://docs.spring.io/spring-authorization-server/reference/): its own address.
    ///
    /// Sets: `scope` may be an array; roles from `roles`.
    ///
    /// Trap: `aud` is the client id unless a token customizer names the API, in access tokens alone. Otherwise ID tokens
    /// have the same `aud`, and are not told apart.
    #[must_use]
    pub fn spring_authorization_server(address: &str) -> Self {
        let issuer = without_slash(address);
        Self::new("Spring Authorization Server", &issuer, format!("{issuer}/oauth2/jwks"), |verifier| {
            verifier.lenient_scope().roles(ClaimPath::roles())
        })
        .address(address, "the server's address, such as `https://id.example`", |_| true)
    }
}
