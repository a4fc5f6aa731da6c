//! How a request must be answered.

use super::document::Operation;
use super::report::ProbeReport;
use crate::conformance::Head;

#[derive(Clone, Copy)]
pub(super) enum Expected {
    LetIn,
    /// 401 with a challenge, and this error in it.
    Unauthorized(Option<&'static str>),
    Forbidden,
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
        report: &mut ProbeReport,
    ) -> Option<String> {
        let status = head.status;
        match self {
            Self::Unauthorized(error) => refusal(head, 401, error),
            Self::Forbidden => refusal(head, 403, Some("insufficient_scope")),
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

fn refusal(head: &Head, wanted: u16, error: Option<&str>) -> Option<String> {
    let status = head.status;
    let challenge = head.field("www-authenticate").unwrap_or_default();
    let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if status != wanted {
        return Some(format!("must be answered {wanted}, is answered {status}"));
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some(format!("is answered {status} without a Bearer challenge"));
    }
    let error = error.map(|error| format!("error=\"{error}\""))?;
    let has_error = parameters.split(',').any(|parameter| parameter.trim() == error);
    (!has_error).then(|| format!("is answered {status} with the challenge {challenge:?}, not {error}"))
}
