//! Published vectors whose secrets no verifier takes, because they are published or because they are zero. Their
//! signatures are verified all the same.

use wycheproof_ng_kdf_jose::json_web::{TestName, TestSet};

use super::header::HeaderRules;
use super::key_set::KeySet;
use super::segments::{self, Segments};
use crate::key::algorithm::Algorithm;
use crate::key::material::KeyMaterial;
use crate::key::verification_key::VerificationKey;
use crate::token::error::VerifyError;
use crate::verify::failure::VerifyFailure;

fn verdict(secret: &[u8], token: &str) -> Result<(), VerifyError> {
    let mut keys = KeySet::default();
    keys.keys.push(VerificationKey::unvetted(Algorithm::Hs256, KeyMaterial::Secret(secret.to_vec())));
    let segments = Segments::split(token)?;
    keys.signer(&segments, HeaderRules::STRICT).map_err(VerifyFailure::into_error)?;
    segments::decode(segments.payload).map(drop)
}

#[test]
fn rfc_7515_a_1_hs256() {
    let secret = segments::decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .unwrap();
    let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let token = |claims: &str| {
        format!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        )
    };
    assert_eq!(verdict(&secret, &token(claims)), Ok(()));
    let other = claims.replacen("eyJp", "eyJq", 1);
    assert_eq!(verdict(&secret, &token(&other)), Err(VerifyError::InvalidSignature));
}

/// The exceptions and their reasons are in `tests/wycheproof-exceptions.txt`, but for 367 and 370: those are expected
/// to be refused for their padding, and have none.
#[test]
fn wycheproof_with_a_secret_of_zeros() {
    let set = TestSet::load(TestName::JsonWebSignature).unwrap();
    let vectors = set.test_groups.into_iter().flat_map(|group| group.tests);
    let of_group = vectors.filter(|vector| (357..=377).contains(&vector.tc_id));
    let (mut total, mut accepted) = (0, Vec::new());
    for vector in of_group {
        total += 1;
        let token = vector.jws.as_ref().and_then(|jws| jws.as_str()).unwrap().to_owned();
        if verdict(&[0; 32], &token).is_ok() {
            accepted.push(vector.tc_id);
        }
    }
    assert_eq!((total, accepted), (21, vec![357, 358, 359, 367, 370, 376, 377]));
}
