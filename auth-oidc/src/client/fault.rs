//! What a failure means, and what to do about it.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::{FetchError, FetchErrorKind};

/// A failure of a connection to this host: of TLS if the chain of causes holds an error of rustls.
pub(super) fn broken(host: &str, error: impl Error + Send + Sync + 'static) -> FetchError {
    match tls_error(&error) {
        Some(tls) => tls_fault(host, tls),
        None => unreachable(format!("{host} does not answer: {}", chain(&error))),
    }
}

pub(super) fn unreachable(text: String) -> FetchError {
    FetchError::new(FetchErrorKind::Unreachable, text)
}

pub(super) fn untrusted(text: String) -> FetchError {
    FetchError::new(FetchErrorKind::Untrusted, text)
}

pub(super) fn forbidden(text: String) -> FetchError {
    FetchError::new(FetchErrorKind::Forbidden, text)
}

fn tls_fault(host: &str, error: &rustls::Error) -> FetchError {
    match error {
        rustls::Error::InvalidCertificate(fault) => untrusted(certificate_fault(host, fault)),
        rustls::Error::InvalidMessage(_) => unreachable(format!(
            "{host} does not speak TLS on this port ({error}): check the port and the scheme"
        )),
        _ => unreachable(format!("TLS with {host} fails: {error}")),
    }
}

fn certificate_fault(host: &str, fault: &CertificateError) -> String {
    match fault {
        // A bad signature is one by another key of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of {host} is signed by an unknown issuer: add the root certificate to the system's, or by \
             `root_certificate_pem`"
        ),
        CertificateError::NotValidForName => format!("the certificate of {host} is for another name"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("the certificate of {host} is for another name: it is for {}", presented.join(", "))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired: renew it, or set this machine's clock")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet: set this machine's clock")
        }
        CertificateError::Revoked => format!("the certificate of {host} is revoked"),
        other => format!("the certificate of {host} is not valid: {other}"),
    }
}

/// `io::Error` names the cause of its cause as its source: what it wraps is asked for by `get_ref`.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let wrapped = error
            .downcast_ref()
            .and_then(io::Error::get_ref)
            .map(|wrapped| wrapped as &(dyn Error + 'static));
        next = wrapped.or_else(|| error.source());
    }
    None
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
