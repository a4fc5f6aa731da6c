//! A key that verifies signatures, vetted and parsed.

use std::sync::Arc;

use super::algorithm::Algorithm;
use super::crypto::SignatureVerifier;
use super::error::KeyError;
use super::material::KeyMaterial;
use super::rules::KeyRules;

/// The longest `kid` that is looked up, in bytes.
pub(crate) const MAX_KID_BYTES: usize = 256;

/// A key read from somewhere, with what was said about it there.
pub(crate) struct UnvettedKey {
    pub(crate) kid: Option<Arc<str>>,
    /// The one algorithm that the key is for, if that was said.
    pub(crate) algorithm: Option<Algorithm>,
    /// The one issuer that the key is for, if that was said; perhaps a template.
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) material: KeyMaterial,
}

/// A key that was vetted and parsed, for each algorithm that it may be used with.
pub(crate) struct VerificationKey {
    kid: Option<Arc<str>>,
    issuer: Option<Arc<str>>,
    /// To tell whether another key is the same. Never printed.
    material: KeyMaterial,
    verifiers: Vec<(Algorithm, SignatureVerifier)>,
}

impl UnvettedKey {
    /// A key of which nothing was said.
    pub(crate) fn of(material: KeyMaterial) -> Self {
        Self { kid: None, algorithm: None, issuer: None, material }
    }
}

impl VerificationKey {
    /// Vets and parses a key.
    pub(crate) fn load(key: UnvettedKey, rules: KeyRules<'_>) -> Result<Self, KeyError> {
        key.material.vet()?;
        let mut algorithms = key.material.algorithms();
        if let Some(declared) = key.algorithm {
            check_length(declared, &key.material)?;
            if !algorithms.contains(&declared) {
                return Err(KeyError::AlgorithmMismatch { algorithm: declared });
            }
            algorithms = vec![declared];
        } else if algorithms.is_empty() {
            check_length(Algorithm::Hs256, &key.material)?;
        }
        if let Some(allowed) = rules.allowed {
            algorithms.retain(|algorithm| allowed.contains(algorithm));
            if algorithms.is_empty() {
                return Err(KeyError::NoAllowedAlgorithm);
            }
        }
        let load = |algorithm| Ok((algorithm, SignatureVerifier::load(algorithm, &key.material)?));
        let verifiers = algorithms.into_iter().map(load).collect::<Result<_, KeyError>>()?;
        Ok(Self { kid: key.kid, issuer: key.issuer, material: key.material, verifiers })
    }

    /// A key as it is, for vectors with secrets that are refused.
    #[cfg(test)]
    pub(crate) fn unvetted(algorithm: Algorithm, material: KeyMaterial) -> Self {
        let verifier =
            SignatureVerifier::load(algorithm, &material).unwrap_or_else(|error| panic!("{error}"));
        Self { kid: None, issuer: None, material, verifiers: vec![(algorithm, verifier)] }
    }

    pub(crate) fn kid(&self) -> Option<&Arc<str>> {
        self.kid.as_ref()
    }

    /// The issuer that the key set names for this key, which may hold `{tenantid}`.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    pub(crate) fn verifier(&self, wanted: Algorithm) -> Option<&SignatureVerifier> {
        self.verifiers.iter().find(|(algorithm, _)| *algorithm == wanted).map(|(_, verifier)| verifier)
    }

    /// Whether the other key verifies the same tokens under the same name: equal `kid`, algorithms, issuer and
    /// key.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.issuer == other.issuer
            && self.algorithms().eq(other.algorithms())
            && self.material == other.material
    }

    /// Whether a token's `kid` and `alg` could mean either key.
    pub(crate) fn is_ambiguous_with(&self, other: &Self) -> bool {
        self.kid.is_some()
            && self.kid == other.kid
            && self.algorithms().any(|ours| other.verifier(ours).is_some())
    }
}

fn check_length(algorithm: Algorithm, material: &KeyMaterial) -> Result<(), KeyError> {
    match (algorithm.min_secret_bytes(), material) {
        (Some(required), KeyMaterial::Secret(secret)) if secret.len() < required => {
            Err(KeyError::SecretTooShort { algorithm, actual: secret.len(), required })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, algorithm: Option<Algorithm>, issuer: &str, last: u8) -> VerificationKey {
        let material = KeyMaterial::Rsa { n: [vec![0xff; 255], vec![last]].concat(), e: vec![1, 0, 1] };
        let key = UnvettedKey { kid: Some(kid.into()), algorithm, issuer: Some(issuer.into()), material };
        VerificationKey::load(key, KeyRules::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn keys_are_the_same_if_all_that_they_are_is() {
        let rs256 = Some(Algorithm::Rs256);
        let one = key("k", rs256, "i", 0xff);
        assert_eq!(one.issuer(), Some("i"));
        assert!(one.is_same_as(&key("k", rs256, "i", 0xff)));
        for other in [
            key("l", rs256, "i", 0xff),
            key("k", None, "i", 0xff),
            key("k", Some(Algorithm::Rs384), "i", 0xff),
            key("k", rs256, "j", 0xff),
            key("k", rs256, "i", 0xfd),
        ] {
            assert!(!one.is_same_as(&other) && !other.is_same_as(&one));
        }
    }
}
