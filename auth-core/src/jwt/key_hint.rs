//! Why no key has verified a token, and what to do about it. For the log, so without the token's `kid`.

use std::fmt;

use crate::jwk::set::SkippedKey;
use crate::key::algorithm::Algorithm;
use crate::key::verification_key::VerificationKey;

/// Of a token that Microsoft has changed after it was signed, so that nobody but Graph accepts it.
pub(super) const MICROSOFT_GRAPH: &str = "its header has a member `nonce`: it may be a token for Microsoft Graph, which \
     only Graph can verify, and not for this API: the client has to ask for a scope of this API \
     (`api://<client id>/<scope>`)";

/// Of a token for which there is one key.
pub(super) fn of_one_key(algorithm: Algorithm) -> &'static str {
    if algorithm.min_secret_bytes().is_some() {
        "the configured secret is not the one that the token was signed with, or the token was changed: compare both, \
         and whether they are to be decoded from base64 first"
    } else {
        "the configured key is not the one that the token was signed with, or the token was changed: compare the \
         issuer's keys, of this environment, with those configured"
    }
}

/// Why there is no key for a token.
pub(super) enum Cause {
    /// `alg` is `none`.
    Unsecured,
    /// `alg` is missing or unknown.
    NoAlgorithm,
    /// The token has no `kid`, and no key is for its algorithm.
    NoKeyOfAlgorithm(Algorithm),
    /// No key has the token's `kid`, and those without any are not for its algorithm.
    NoKeyOfKid(Algorithm),
    /// The key with the token's `kid` is for other algorithms.
    KeyOfKidIsForOthers(Algorithm, Algorithms),
}

impl Cause {
    pub(super) fn of_unknown_key(kid: Option<&str>, algorithm: Algorithm, keys: &[VerificationKey]) -> Self {
        let Some(kid) = kid else { return Self::NoKeyOfAlgorithm(algorithm) };
        let has_kid = |key: &&VerificationKey| key.kid().is_some_and(|own| **own == *kid);
        if keys.iter().any(|key| has_kid(&key)) {
            return Self::KeyOfKidIsForOthers(algorithm, Algorithms::of(keys.iter().filter(has_kid)));
        }
        Self::NoKeyOfKid(algorithm)
    }
}

/// Why there is no key for a token, beside those configured.
pub(super) struct KeyHint {
    cause: Cause,
    keys: usize,
    skipped: usize,
    algorithms: Algorithms,
}

impl KeyHint {
    pub(super) fn new(cause: Cause, keys: &[VerificationKey], skipped: &[SkippedKey]) -> Self {
        Self { cause, keys: keys.len(), skipped: skipped.len(), algorithms: Algorithms::of(keys) }
    }

    fn write_cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Unsecured => f.write_str("it is `none`, so that anyone can have written the token"),
            Cause::NoAlgorithm => {
                f.write_str("it is missing, or names no signature algorithm that this library verifies")
            }
            Cause::NoKeyOfAlgorithm(alg) => write!(f, "no key goes with the token's `alg` {alg}"),
            Cause::NoKeyOfKid(alg) => write!(f, "no key has the token's `kid` (its `alg` is {alg})"),
            Cause::KeyOfKidIsForOthers(alg, others) => {
                write!(f, "the key with the token's `kid` is for {others}, and the token's `alg` is {alg}")
            }
        }
    }

    /// There is a key at least: a set without any is an error when it is configured.
    fn write_configured(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, skipped, algorithms, .. } = self;
        match keys {
            1 => write!(f, "the configured key is for {algorithms}")?,
            _ => write!(f, "the {keys} configured keys are for {algorithms}")?,
        }
        match skipped {
            0 => Ok(()),
            _ => {
                write!(
                    f,
                    " ({skipped} more were skipped: `JwtVerifier::skipped_keys` and the log at start say why)"
                )
            }
        }
    }

    fn what_to_do(&self) -> &'static str {
        match self.cause {
            Cause::Unsecured | Cause::NoAlgorithm => {
                "ask the issuer for tokens that are signed with one of these"
            }
            Cause::NoKeyOfAlgorithm(_) | Cause::KeyOfKidIsForOthers(..) => {
                "configure the issuer's key for that algorithm, or have the issuer sign with one of these"
            }
            Cause::NoKeyOfKid(_) => {
                "has the issuer changed its keys (`VerifierKeys::replace` takes the new ones), or is the token of \
                 another issuer or environment?"
            }
        }
    }
}

impl fmt::Display for KeyHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_cause(f)?;
        f.write_str("; ")?;
        self.write_configured(f)?;
        write!(f, "; {}", self.what_to_do())
    }
}

/// How many keys go with a token that none of them has verified.
pub(super) struct Tried {
    pub(super) keys: usize,
    pub(super) at_most: usize,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, at_most } = self;
        if keys > at_most {
            return write!(
                f,
                "not all keys were tried: {keys} configured keys go with its `kid` and `alg`, and at most {at_most} are \
                 tried on one token: have the issuer name the key (`kid`), or configure fewer keys"
            );
        }
        write!(
            f,
            "{keys} configured keys go with its `kid` and `alg`, and none verifies it: compare the issuer's keys with \
             those configured, or the token was changed"
        )
    }
}

/// A set of algorithms, in the order of [`Algorithm::ALL`].
pub(super) struct Algorithms([bool; Algorithm::ALL.len()]);

impl Algorithms {
    fn of<'k>(keys: impl IntoIterator<Item = &'k VerificationKey>) -> Self {
        let mut of_all = [false; Algorithm::ALL.len()];
        for key in keys {
            for (is_there, algorithm) in of_all.iter_mut().zip(Algorithm::ALL) {
                *is_there |= key.verifier(algorithm).is_some();
            }
        }
        Self(of_all)
    }
}

impl fmt::Display for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (_, algorithm) in self.0.iter().zip(Algorithm::ALL).filter(|(is_there, _)| **is_there) {
            write!(f, "{separator}{algorithm}")?;
            separator = ", ";
        }
        Ok(())
    }
}
