//! What a case and an answer of HTTP are in gRPC.

use serde_json::Value;

use super::client::Call;
use crate::conformance::case::{Case, Expected};
use crate::conformance::client::Answer;

/// The call that stands for a request; `None` if gRPC cannot carry it.
pub(super) fn call(case: Case) -> Option<Case> {
    let Expected::Exactly(expected) = &case.expected else { return None };
    let rest = case.request.strip_prefix(b"GET /")?;
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'?'))?;
    let (route, rest) = rest.split_at(end);
    let (first, others) = route.split_first()?;
    let method = [&[first.to_ascii_uppercase()], others].concat();
    let request = [b"POST /greeter.v1.Greeter/", &*method, rest].concat();
    Call::parse(&request).ok()?;
    Some(Case { expected: Expected::Exactly(answer(expected)), request, ..case })
}

/// The answer of gRPC that stands for one of HTTP: its status is gRPC's, its body the message.
pub(super) fn answer(http: &Answer) -> Answer {
    let problem: Value = serde_json::from_str(&http.body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // https://grpc.github.io/grpc/core/md_doc_statuscodes.html
    let (status, body) = match http.status {
        // Nothing was asked: what is said of the case stands beside it.
        0 => return http.clone(),
        200 => (0, text("message")),
        400 | 401 => (16, text("detail")),
        403 => (7, text("detail")),
        503 => (14, text("detail")),
        _ => (13, text("detail")),
    };
    let content_type = ("content-type".to_owned(), "application/grpc".to_owned());
    let others = http.headers.iter().filter(|(name, _)| name != "content-type").cloned();
    Answer { status, headers: [content_type].into_iter().chain(others).collect(), body }
}
