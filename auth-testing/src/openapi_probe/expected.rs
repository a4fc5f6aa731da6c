//! How a request must be answered.

use super::carrier::Carrier;
use super::document::Operation;
use super::report::ProbeReport;
use crate::conformance::Head;

#[derive(Clone, Copy)]
pub(super) enum Expected {
    LetIn,
    /// 401 with a challenge, and this error in it.
    Unauthorized(Option<&'static str>),
    Forbidden,
    /// 401, and the user is asked to log in again.
    LoginRequired,
    /// 403, whatever it says.
    OfOtherSite,
    /// 401 or 403, in whatever way.
    Refused,
    /// The same, or 400.
    RefusedOrMalformed,
}

impl Expected {
    /// What is wrong with the answer, if anything is.
    pub(super) fn complaint(
        self,
        head: &Head,
        operation: &Operation,
        carrier: &Carrier,
        report: &mut ProbeReport,
    ) -> Option<String> {
        let status = head.status;
        match self {
            // RFC 7617 knows no errors.
            Self::Unauthorized(_) if *carrier == Carrier::Basic => challenged(head),
            Self::Forbidden if *carrier == Carrier::Basic => with_status(head, 403),
            // Nor a login that could be better.
            Self::LoginRequired if *carrier == Carrier::Basic => with_status(head, 403),
            Self::LoginRequired => refusal(head, 401, Some("insufficient_user_authentication")),
            Self::Unauthorized(error) => refusal(head, 401, error),
            Self::Forbidden => refusal(head, 403, Some("insufficient_scope")),
            Self::OfOtherSite => with_status(head, 403),
            Self::Refused => (!matches!(status, 401 | 403))
                .then(|| format!("must be answered 401 or 403, is answered {status}")),
            Self::RefusedOrMalformed => (!matches!(status, 400 | 401 | 403))
                .then(|| format!("must be answered 400, 401 or 403, is answered {status}")),
            Self::LetIn => {
                let has_parameters = operation.path.contains('{');
                let is_let_in = match status {
                    401 | 403 | 500.. => false,
                    300..=399 => documents(operation, status),
                    404 | 405 if has_parameters => {
                        report.never_seen.insert(format!("{operation} (answered {status})"));
                        true
                    }
                    404 | 405 => false,
                    _ => true,
                };
                (!is_let_in).then(|| format!("must be let in, is answered {status}"))
            }
        }
    }
}

fn documents(operation: &Operation, status: u16) -> bool {
    let (exactly, class) = (status.to_string(), format!("{}xx", status / 100));
    operation.documented.iter().any(|documented| *documented == exactly || *documented == class)
}

fn with_status(head: &Head, wanted: u16) -> Option<String> {
    let status = head.status;
    (status != wanted).then(|| format!("must be answered {wanted}, is answered {status}"))
}

/// Asked for any credentials.
fn challenged(head: &Head) -> Option<String> {
    let is_challenged = head.field("www-authenticate").is_some_and(|challenge| !challenge.is_empty());
    with_status(head, 401)
        .or_else(|| (!is_challenged).then(|| "is answered 401 without a challenge".to_owned()))
}

fn refusal(head: &Head, wanted: u16, error: Option<&str>) -> Option<String> {
    let status = head.status;
    let challenge = head.field("www-authenticate").unwrap_or_default();
    let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if let Some(complaint) = with_status(head, wanted) {
        return Some(complaint);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some(format!("is answered {status} without a Bearer challenge"));
    }
    let error = error.map(|error| format!("error=\"{error}\""))?;
    let has_error = parameters.split(',').any(|parameter| parameter.trim() == error);
    (!has_error).then(|| format!("is answered {status} with the challenge {challenge:?}, not {error}"))
}
