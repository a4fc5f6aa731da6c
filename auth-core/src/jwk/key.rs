//! JSON Web Keys ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517),
//! [RFC 7518 section 6](https://www.rfc-editor.org/rfc/rfc7518#section-6),
//! [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037)).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Deserialize, Deserializer, MapAccess};

use crate::json::{self, Fault, Members, Seen, Text, Value};
use crate::key::algorithm::Algorithm;
use crate::key::curve::Curve;
use crate::key::error::KeyError;
use crate::key::material::KeyMaterial;
use crate::key::rules::KeyRules;
use crate::key::verification_key::{MAX_KID_BYTES, UnvettedKey};

/// The most members of one key, all levels together.
const MAX_MEMBERS: usize = 64;

/// The members that only a private key has.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// One key as it is written, with its types checked.
#[derive(Default)]
pub(crate) struct Jwk<'a> {
    kty: Option<Text<'a>>,
    usage: Option<Text<'a>>,
    key_ops: Option<Vec<Text<'a>>>,
    alg: Option<Text<'a>>,
    kid: Option<Text<'a>>,
    issuer: Option<Cow<'a, str>>,
    crv: Option<Text<'a>>,
    x: Option<Base64Url>,
    y: Option<Base64Url>,
    n: Option<Base64Url>,
    e: Option<Base64Url>,
    k: Option<Base64Url>,
    private: Option<&'static str>,
    /// It has `keys`, as a JWK Set does.
    is_set: bool,
}

impl<'a> Jwk<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, KeyError> {
        let mut jwk = Self::default();
        json::read_object(text, MAX_MEMBERS, &mut jwk).map_err(|fault| match fault {
            Fault::Member(name) => KeyError::JwkMember(name),
            Fault::Duplicate => KeyError::Jwk("a member stands in it twice"),
            Fault::Syntax => KeyError::Jwk("it is not one JSON object"),
            Fault::TooDeep | Fault::TooManyMembers => {
                KeyError::Jwk("it is nested too deep or has too many members")
            }
        })?;
        Ok(jwk)
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_ref().map(|kid| kid.0.as_ref())
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.kty.as_ref().is_some_and(|kty| kty.0 == "oct")
    }

    /// The key, if it may verify signatures.
    pub(crate) fn into_key(mut self, rules: KeyRules<'_>) -> Result<UnvettedKey, KeyError> {
        if let Some(member) = self.private {
            return Err(KeyError::PrivateJwk(member));
        }
        match &self.usage {
            Some(usage) if rules.allow_use(&usage.0) => {}
            Some(usage) if usage.0 == "jwt-svid" => return Err(KeyError::ForSpiffe),
            Some(_) => return Err(KeyError::WrongUse("use")),
            None => {}
        }
        if self.key_ops.as_ref().is_some_and(|operations| operations.iter().all(|name| name.0 != "verify")) {
            return Err(KeyError::WrongUse("key_ops"));
        }
        let algorithm = match &self.alg {
            None => None,
            // No such name is registered, but key sets in the field have it, after the curve.
            Some(alg) if alg.0 == "ES521" => Some(Algorithm::Es512),
            Some(alg) => Some(Algorithm::from_name(&alg.0).ok_or(KeyError::JwkMember("alg"))?),
        };
        if self.kid().is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(KeyError::KidTooLong);
        }
        let kid = self.kid().map(Into::into);
        let issuer = self.issuer.take().map(Into::into);
        Ok(UnvettedKey { kid, algorithm, issuer, material: self.into_material()? })
    }

    fn into_material(self) -> Result<KeyMaterial, KeyError> {
        fn required(member: Option<Base64Url>, name: &'static str) -> Result<Vec<u8>, KeyError> {
            member.map(|value| value.0).ok_or(KeyError::JwkMember(name))
        }
        if self.is_set {
            return Err(KeyError::Jwk("it is a JWK Set: give it to `jwks`"));
        }
        let kty = self.kty.ok_or(KeyError::JwkMember("kty"))?;
        let crv = self.crv.ok_or(KeyError::JwkMember("crv"));
        match kty.0.as_ref() {
            "oct" => Ok(KeyMaterial::Secret(required(self.k, "k")?)),
            "RSA" => {
                let (n, e) = (required(self.n, "n")?, required(self.e, "e")?);
                Ok(KeyMaterial::Rsa { n: without_leading_zeros(n), e: without_leading_zeros(e) })
            }
            "EC" => {
                let curve = Curve::from_name(&crv?.0).ok_or(KeyError::UnsupportedType)?;
                let mut point = vec![4];
                for (name, member) in [("x", self.x), ("y", self.y)] {
                    let number = coordinate(required(member, name)?, curve);
                    point.extend(number.ok_or(KeyError::JwkMember(name))?);
                }
                Ok(KeyMaterial::Ec { curve, point })
            }
            "OKP" if crv?.0 == "Ed25519" => Ok(KeyMaterial::Ed25519(required(self.x, "x")?)),
            _ => Err(KeyError::UnsupportedType),
        }
    }
}

impl<'a> Jwk<'a> {
    /// Notes a member that is not read for its value alone.
    fn other(&mut self, name: &str, seen: Seen<'a>) {
        match (name, seen) {
            (_, Seen::Null) => {}
            // No member of RFC 7517: another type than Microsoft's is none of our business.
            ("issuer", Seen::Text(issuer)) => self.issuer = Some(issuer),
            ("keys", _) => self.is_set = true,
            _ => self.private = PRIVATE.into_iter().find(|private| *private == name).or(self.private),
        }
    }
}

/// The same number. RFC 7518 section 6.3.1.1 forbids the zeros, and tells that implementations write one.
fn without_leading_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

/// The same number, in as many bytes as RFC 7518 section 6.2.1.2 demands. Some providers leave out leading zeros
/// (Glewlwyd, Keycloak 19), which concerns one in 128 keys on P-256 and three in four on P-521. Others write one zero
/// more. The crypto backend checks that the point is on the curve, as for every key.
fn coordinate(number: Vec<u8>, curve: Curve) -> Option<Vec<u8>> {
    if number.is_empty() {
        return None;
    }
    let number = without_leading_zeros(number);
    let zeros = curve.field_bytes().checked_sub(number.len())?;
    Some([vec![0; zeros], number].concat())
}

impl<'de> Members<'de> for Jwk<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        // Some serializers write null for what is not there.
        match name {
            "kty" => self.kty = value.read("kty")?,
            "use" => self.usage = value.read("use")?,
            "key_ops" => self.key_ops = value.read("key_ops")?,
            "alg" => self.alg = value.read("alg")?,
            "kid" => self.kid = value.read("kid")?,
            "crv" => self.crv = value.read("crv")?,
            "x" => self.x = value.read("x")?,
            "y" => self.y = value.read("y")?,
            "n" => self.n = value.read("n")?,
            "e" => self.e = value.read("e")?,
            "k" => self.k = value.read("k")?,
            _ => self.other(name, value.skip_noting()?),
        }
        Ok(())
    }
}

/// Bytes in base64url without padding.
struct Base64Url(Vec<u8>);

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(encoded) = Text::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(encoded.as_bytes()).map(Self).map_err(|_| de::Error::custom("not base64url"))
    }
}
