//! Tokens that anyone could make of a good one.

use serde_json::{Map, Value, json};

use crate::base64url::{encode, try_decode};

/// A token, and how it is told in a report.
pub(super) type Forged = (String, String);

/// Tokens that anyone could make of this good one, without its key. One that is no JWT yields few.
pub(super) fn forged(token: &str) -> Vec<Forged> {
    let Some((signed, signature)) = token.rsplit_once('.').filter(|(signed, _)| signed.contains('.')) else {
        return Vec::new();
    };
    let mut forged = vec![
        ("with a token without a signature".to_owned(), format!("{signed}.")),
        ("with a token without a signature and its dot".to_owned(), signed.to_owned()),
    ];
    if let Some((first, rest)) = signature.split_at_checked(1) {
        let first = if first == "A" { "B" } else { "A" };
        forged
            .push(("with a token whose signature was changed".to_owned(), format!("{signed}.{first}{rest}")));
    }
    if let Some(jwt) = Jwt::of(signed, signature) {
        forged.extend(jwt.without_algorithm());
        forged.extend(jwt.with_other_header());
        forged.extend(jwt.with_other_payload());
    }
    forged.retain(|(_, other)| other != token);
    forged
}

struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    encoded: (&'a str, &'a str),
    signature: &'a str,
}

/// The header and the claims of a JWT.
pub(super) fn parts(signed: &str) -> Option<[Map<String, Value>; 2]> {
    let (header, claims) = signed.split_once('.')?;
    let object = |text| serde_json::from_slice(&try_decode(text)?).ok();
    Some([object(header)?, object(claims)?])
}

impl<'a> Jwt<'a> {
    fn of(signed: &'a str, signature: &'a str) -> Option<Self> {
        let [header, claims] = parts(signed)?;
        Some(Self { header, claims, encoded: signed.split_once('.')?, signature })
    }

    /// RFC 7519 section 6: a JWT that is not secured.
    fn without_algorithm(&self) -> Vec<Forged> {
        let (_, claims) = self.encoded;
        let mut forged = Vec::new();
        let mut add = |what: String, header: String| {
            for (how, signature) in [("no signature", ""), ("the old signature", self.signature)] {
                let token = format!("{}.{claims}.{signature}", encode(&header));
                forged.push((format!("with a token of {what} and {how}"), token));
            }
        };
        for none in ["none", "None", "nOnE", "NONE"] {
            let mut header = self.header.clone();
            header.insert("alg".to_owned(), none.into());
            add(format!("alg {none:?}"), Value::from(header).to_string());
        }
        add("nothing but alg \"none\" in its header".to_owned(), json!({ "alg": "none" }).to_string());
        forged
    }

    fn with_other_header(&self) -> Vec<Forged> {
        let (_, claims) = self.encoded;
        let forged = |what: &str, header: String| {
            (format!("with a token {what}"), format!("{}.{claims}.{}", encode(header), self.signature))
        };
        let typ = match self.header.get("typ").and_then(Value::as_str) {
            Some("JWT") => "at+jwt",
            _ => "JWT",
        };
        vec![
            forged("whose header was written otherwise", spaced(&self.header)),
            forged("whose header was given another typ", with(&self.header, "typ", typ)),
            forged("whose header was added to", with(&self.header, "x-added", "x")),
        ]
    }

    fn with_other_payload(&self) -> Vec<Forged> {
        let (header, _) = self.encoded;
        let forged = |what: &str, claims: String| {
            (format!("with a token {what}"), format!("{header}.{}.{}", encode(claims), self.signature))
        };
        vec![
            forged("whose claims were written otherwise", spaced(&self.claims)),
            forged("whose claims were added to", with(&self.claims, "x-added", "x")),
        ]
    }
}

fn with(object: &Map<String, Value>, name: &str, value: &str) -> String {
    let mut object = object.clone();
    object.insert(name.to_owned(), value.into());
    Value::from(object).to_string()
}

/// The same JSON in other bytes.
fn spaced(object: &Map<String, Value>) -> String {
    format!("{:#}", Value::from(object.clone()))
}
