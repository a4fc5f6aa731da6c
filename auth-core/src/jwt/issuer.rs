//! `iss`: who may have issued a token.

use std::sync::Arc;

use super::build_error::Problem;
use super::difference::{Mismatch, OneOf};
use crate::token::claim_path::ClaimPath;
use crate::token::claim_text::{ClaimText, claim_text};
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::verify::failure::VerifyFailure;

/// Where a template has the tenant, as Entra ID's metadata write it.
const PLACEHOLDER: &str = "{tenantid}";

/// What the builder was told about issuers.
#[derive(Default)]
pub(super) struct IssuerSettings {
    pub(super) names: Vec<String>,
    pub(super) templates: Vec<(String, Vec<String>)>,
    pub(super) anyone: bool,
}

/// Which issuers are accepted.
#[derive(Debug)]
pub(super) enum IssuerRule {
    Anyone,
    /// Byte for byte one of these (RFC 9068 section 4).
    OneOf(Arc<[Box<str>]>),
    OfTenants(Arc<TenantIssuers>),
}

/// One issuer for each of some tenants.
#[derive(Debug)]
pub(super) struct TenantIssuers {
    template: Box<str>,
    /// In lower case.
    tenants: Box<[Box<str>]>,
}

impl IssuerSettings {
    /// What the settings come to, and all that is wrong with them.
    pub(super) fn into_rule(self, problems: &mut Vec<Problem>) -> IssuerRule {
        let Self { names, mut templates, anyone } = self;
        let kinds = [anyone, !names.is_empty(), !templates.is_empty()];
        match kinds.into_iter().filter(|given| *given).count() {
            0 => problems.push(Problem::NoIssuer),
            1 if templates.len() <= 1 => {}
            _ => problems.push(Problem::ContradictoryIssuers),
        }
        if names.iter().any(String::is_empty) {
            problems.push(Problem::EmptyIssuer);
        }
        if names.iter().any(|name| name.contains(['{', '}'])) {
            problems.push(Problem::IssuerIsTemplate);
        }
        match templates.pop() {
            Some((template, tenants)) => {
                IssuerRule::OfTenants(Arc::new(TenantIssuers::new(template, tenants, problems)))
            }
            None if anyone => IssuerRule::Anyone,
            None => IssuerRule::OneOf(names.into_iter().map(String::into_boxed_str).collect()),
        }
    }
}

impl IssuerRule {
    /// Every issuer that is accepted, if they can be listed.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        match self {
            Self::Anyone => None,
            Self::OneOf(names) => Some(names.iter().map(|name| String::from(&**name)).collect()),
            Self::OfTenants(issuers) => {
                let TenantIssuers { template, tenants } = &**issuers;
                Some(tenants.iter().map(|tenant| template.replacen(PLACEHOLDER, tenant, 1)).collect())
            }
        }
    }

    /// Judges `iss`, in claims whose text is `json`. `key_issuer` is the issuer that the key itself is for.
    pub(super) fn check(
        &self,
        claims: &RegisteredClaims,
        json: &str,
        key_issuer: Option<&str>,
    ) -> Result<(), VerifyFailure> {
        match (self, claims.iss()) {
            (Self::Anyone, _) => Ok(()),
            (_, None) => Err(VerifyError::MissingClaim("iss").into()),
            (Self::OneOf(names), Some(claimed)) => {
                if names.iter().any(|name| **name == *claimed) {
                    return Ok(());
                }
                let advice = if is_of_entra_v1(claimed) && !names.iter().any(|name| is_of_entra_v1(name)) {
                    ENTRA_V1
                } else {
                    "Give `.issuer(..)` the very text of the token's `iss`"
                };
                let mismatch = Mismatch::new("iss", names, &[claimed], advice);
                Err(VerifyFailure::from(VerifyError::WrongIssuer).with_hint(mismatch))
            }
            (Self::OfTenants(issuers), Some(claimed)) => issuers.check(claimed, json, key_issuer),
        }
    }
}

const ENTRA_V1: &str =
    "It is a v1.0 token of Entra ID: set `requestedAccessTokenVersion` to 2 in the API's manifest";

fn is_of_entra_v1(issuer: &str) -> bool {
    issuer.starts_with("https://sts.windows.net/")
}

impl TenantIssuers {
    fn new(template: String, tenants: Vec<String>, problems: &mut Vec<Problem>) -> Self {
        let rest = template.replacen(PLACEHOLDER, "", 1);
        if rest.len() == template.len() || rest.contains(['{', '}']) {
            problems.push(Problem::TenantTemplate);
        }
        if tenants.is_empty() {
            problems.push(Problem::NoTenants);
        }
        for (place, tenant) in tenants.iter().enumerate() {
            if !is_guid(tenant) {
                problems.push(Problem::TenantIsNoGuid { position: place + 1 });
            }
        }
        let tenants =
            tenants.into_iter().map(|tenant| tenant.to_ascii_lowercase().into_boxed_str()).collect();
        Self { template: template.into(), tenants }
    }

    /// `tid` is one of the tenants, `iss` is the template with it, and so is the issuer of the key, if it names one.
    fn check(
        self: &Arc<Self>,
        claimed: &str,
        json: &str,
        key_issuer: Option<&str>,
    ) -> Result<(), VerifyFailure> {
        let refuse = |error: VerifyError, hint: &'static str| {
            let issuers = self.clone();
            Err(VerifyFailure::from(error).with_hint(TenantMismatch { issuers, hint }))
        };
        let ClaimText::Text(tenant) = claim_text(json, &ClaimPath::from("tid")) else {
            return refuse(VerifyError::MissingClaim("tid"), "It names no tenant (`tid`)");
        };
        if !self.tenants.iter().any(|allowed| **allowed == *tenant) {
            return refuse(VerifyError::WrongIssuer, "Its tenant is not among those allowed");
        }
        if self.template.replacen(PLACEHOLDER, &tenant, 1) != claimed {
            let is_of_v1 = is_of_entra_v1(claimed) && !is_of_entra_v1(&self.template);
            let hint = if is_of_v1 { ENTRA_V1 } else { "Its `iss` is not the template with its `tid`" };
            return refuse(VerifyError::WrongIssuer, hint);
        }
        match key_issuer {
            Some(issuer) if issuer.replacen(PLACEHOLDER, &tenant, 1) != claimed => {
                refuse(VerifyError::WrongIssuer, "The key that verifies it is of another issuer")
            }
            _ => Ok(()),
        }
    }
}

/// What was expected of a token of a tenant.
struct TenantMismatch {
    issuers: Arc<TenantIssuers>,
    hint: &'static str,
}

impl std::fmt::Display for TenantMismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let TenantIssuers { template, tenants } = &*self.issuers;
        write!(f, "{}. Expected `iss` {template:?} with one of the tenants {}", self.hint, OneOf(tenants))
    }
}

/// 8-4-4-4-12 hexadecimal digits, as tenants of Entra ID are called.
fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rule: &IssuerRule, json: &str, key: Option<&str>) -> Result<(), VerifyError> {
        let claims = RegisteredClaims::parse(json).unwrap();
        rule.check(&claims, json, key).map_err(VerifyFailure::into_error)
    }

    #[track_caller]
    fn rule(settings: IssuerSettings) -> IssuerRule {
        let mut problems = Vec::new();
        let rule = settings.into_rule(&mut problems);
        assert_eq!(problems, []);
        rule
    }

    #[test]
    fn issuers_are_compared_byte_by_byte() {
        let names = vec!["https://issuer.example".to_owned(), "issuer.example".to_owned()];
        let several = rule(IssuerSettings { names, ..Default::default() });
        let of = |issuer: &str| format!(r#"{{"iss":"{issuer}"}}"#);
        for issuer in ["https://issuer.example", "issuer.example"] {
            assert_eq!(verdict(&several, &of(issuer), None), Ok(()));
        }
        assert_eq!(verdict(&several, "{}", None), Err(VerifyError::MissingClaim("iss")));
        for other in [
            "https://issuer.example/",
            "https://issuer.exampl",
            "https://Issuer.example",
            "",
            "http://issuer.example",
        ] {
            assert_eq!(verdict(&several, &of(other), None), Err(VerifyError::WrongIssuer), "{other}");
        }
        let anyone = rule(IssuerSettings { anyone: true, ..Default::default() });
        assert_eq!(verdict(&anyone, "{}", None), Ok(()));
    }

    #[test]
    fn a_tenant_is_one_of_the_list_and_says_so_everywhere() {
        const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
        const OURS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
        const OTHER: &str = "11111111-6c67-4c5b-b112-36a304b66dad";
        const STRANGER: &str = "22222222-6c67-4c5b-b112-36a304b66dad";
        let tenants = vec![OURS.to_uppercase(), OTHER.to_owned()];
        let rule =
            rule(IssuerSettings { templates: vec![(TEMPLATE.to_owned(), tenants)], ..Default::default() });
        let issuer = |tenant: &str| TEMPLATE.replace("{tenantid}", tenant);
        let claims = |issuer: &str, tid: &str| format!(r#"{{"iss":"{issuer}","tid":{tid}}}"#);
        let quoted = |tenant: &str| format!("{tenant:?}");

        for key in [None, Some(TEMPLATE), Some(issuer(OURS).as_str())] {
            assert_eq!(verdict(&rule, &claims(&issuer(OURS), &quoted(OURS)), key), Ok(()), "{key:?}");
        }
        assert_eq!(verdict(&rule, &claims(&issuer(OTHER), &quoted(OTHER)), None), Ok(()));
        for (iss, tid) in [
            (issuer(STRANGER), quoted(STRANGER)),
            (issuer(OTHER), quoted(OURS)),
            (issuer(OURS), quoted(OTHER)),
            (issuer(&OURS.to_uppercase()), quoted(OURS)),
            (issuer(OURS), quoted(&OURS.to_uppercase())),
            (issuer(OURS) + "/", quoted(OURS)),
            (TEMPLATE.to_owned(), quoted("{tenantid}")),
            (TEMPLATE.to_owned(), quoted(OURS)),
            (format!("https://evil.example/{OURS}/v2.0"), quoted(OURS)),
            (issuer(""), quoted("")),
        ] {
            let claims = claims(&iss, &tid);
            assert_eq!(verdict(&rule, &claims, None), Err(VerifyError::WrongIssuer), "{claims}");
        }
        for tid in ["null", "4", "[\"9188040d-6c67-4c5b-b112-36a304b66dad\"]", "{}"] {
            let refused = Err(VerifyError::MissingClaim("tid"));
            assert_eq!(verdict(&rule, &claims(&issuer(OURS), tid), None), refused, "{tid}");
        }
        for key in [issuer(OTHER), issuer(OURS) + "/", "https://login.microsoftonline.com/".to_owned()] {
            let claims = claims(&issuer(OURS), &quoted(OURS));
            assert_eq!(verdict(&rule, &claims, Some(&key)), Err(VerifyError::WrongIssuer), "{key}");
        }
    }

    #[test]
    fn a_guid_is_a_guid() {
        assert!(is_guid("9188040d-6c67-4c5b-b112-36a304b66dad"));
        assert!(is_guid("9188040D-6C67-4C5B-B112-36A304B66DAD"));
        for text in [
            "",
            "common",
            "organizations",
            "contoso.onmicrosoft.com",
            "9188040d6c674c5bb11236a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66dag",
            "9188040d-6c67-4c5b-b112-36a304b66dad-",
            "{9188040d-6c67-4c5b-b112-36a304b66dad}",
            "9188040d-6c67-4c5b-b11-236a304b66dad",
        ] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
