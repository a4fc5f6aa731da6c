use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use super::fault::{broken, forbidden, untrusted};
use super::stream::Stream;
use crate::FetchError;

/// TLS, or why there is none. A client for plain http works without.
pub(super) struct Tls(Result<TlsConnector, String>);

impl Tls {
    /// Trusts the system's root certificates and these.
    pub(super) fn new(roots: Vec<CertificateDer<'static>>) -> Self {
        Self(config(roots).map(|config| TlsConnector::from(Arc::new(config))).map_err(|error| {
            format!(
                "no root certificates are found ({error}): install the package ca-certificates, set SSL_CERT_FILE, or \
                 enable the feature `bundled-roots` of auth-oidc"
            )
        }))
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, FetchError> {
        let connector = self.0.as_ref().map_err(|error| untrusted(error.clone()))?;
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned())
            .map_err(|_| forbidden(format!("{host} is not a name that a certificate can be for")))?;
        let stream = connector.connect(name, stream).await.map_err(|error| broken(host, error))?;
        Ok(Box::new(stream))
    }
}

/// Reads root certificates: all that the text has, and at least one.
pub(super) fn roots_from_pem(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("it is not PEM: {error:?}"))?;
    if roots.is_empty() {
        return Err("it has no `-----BEGIN CERTIFICATE-----`".to_owned());
    }
    let mut store = rustls::RootCertStore::empty();
    for root in &roots {
        store.add(root.clone()).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

fn config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier(roots, provider.clone())?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // The name stands for any verifier that is handed in. This one is the platform's.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(not(feature = "bundled-roots"))]
fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    Ok(Arc::new(Verifier::new_with_extra_roots(roots, provider)?))
}

/// The bundled roots stand in for the system's, and are not added to them: who removes a root from the system's means
/// it.
#[cfg(feature = "bundled-roots")]
fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    if Verifier::new(provider.clone()).is_ok() {
        return Ok(Arc::new(Verifier::new_with_extra_roots(roots, provider)?));
    }
    let mut store = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in roots {
        store.add(root)?;
    }
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
    Ok(verifier.map_err(|error| rustls::Error::General(error.to_string()))?)
}
