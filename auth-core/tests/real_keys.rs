//! Keys and secrets as they come in real life: what is meant well is read, what is mistaken is named.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use auth_core::jwt::{GivenInstead, JwkSetError, JwtVerifierBuilder, KeyError, Problem};
use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn expecting() -> JwtVerifierBuilder {
    JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example")
}

#[track_caller]
fn problem(builder: JwtVerifierBuilder) -> Problem {
    let error = builder.build().unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    problem.clone()
}

#[track_caller]
fn key_error(builder: JwtVerifierBuilder) -> KeyError {
    match problem(builder) {
        Problem::Key { error, .. } => error,
        other => panic!("{other}"),
    }
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk.as_object_mut().unwrap().insert(name.to_owned(), value.into());
    jwk
}

const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

#[test]
fn null_in_a_key_is_absence() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let rsa = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "AQAB"});
    let unused = |jwk: &Value| {
        let names = ["use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "k", "x5c", "issuer", "keys"];
        let names = names.into_iter().chain(PRIVATE).filter(|name| jwk.get(name).is_none());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    for jwk in [issuer.jwk(), rsa] {
        let mut all = jwk.clone();
        for name in unused(&jwk) {
            let one = with(jwk.clone(), &name, Value::Null).to_string();
            assert!(expecting().jwk(&*one).build().is_ok(), "{one}");
            all = with(all, &name, Value::Null);
        }
        let set = json!({"keys": [all]}).to_string();
        assert!(expecting().jwk(all.to_string()).build().is_ok(), "{all}");
        assert!(expecting().jwks(set).build().unwrap().skipped_keys().is_empty());
        // What has to be there is missing then.
        for required in ["kty", "crv", "x", "y", "n", "e"].into_iter().filter(|name| jwk.get(name).is_some())
        {
            let error = key_error(expecting().jwk(with(jwk.clone(), required, Value::Null).to_string()));
            assert_eq!(error, KeyError::JwkMember(required));
        }
        // The twins: a private member with any other value, and null twice.
        for private in PRIVATE {
            for value in [json!("AAAA"), json!(""), json!(0), json!(false), json!([]), json!({})] {
                let error = key_error(expecting().jwk(with(jwk.clone(), private, value).to_string()));
                assert_eq!(error, KeyError::PrivateJwk(private));
            }
            let twice = jwk.to_string().replacen('{', &format!(r#"{{"{private}":null,"{private}":null,"#), 1);
            assert!(matches!(key_error(expecting().jwk(twice)), KeyError::Jwk(_)));
        }
    }
    let secret = json!({"kty": "oct", "k": null}).to_string();
    assert_eq!(key_error(expecting().jwk(secret)), KeyError::JwkMember("k"));
}

#[test]
fn a_key_for_another_use_is_in_no_ones_way() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let enc = json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "n": "AAAA", "e": "AQAB"});
    let set = json!({"keys": [enc, issuer.jwk()]}).to_string();
    let verifier = expecting().jwks(set).build().unwrap();
    assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
    let [skipped] = &verifier.skipped_keys()[..] else { panic!("one is skipped") };
    assert_eq!(skipped.error, KeyError::WrongUse("use"));

    let alone = problem(expecting().jwks(json!({"keys": [enc]}).to_string())).to_string();
    assert!(alone.contains("no usable key") && alone.contains("its `use`"), "{alone}");
}

/// A certificate of a key that was thrown away.
const CERTIFICATE: &str = include_str!("real_keys/certificate.pem");

fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn utf_16(text: &str, mark: &[u16], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn a_public_key_is_read_as_environments_and_admin_pages_write_it() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = TestIssuer::new(algorithm);
        let pem = issuer.public_key_pem();
        let wrapped: Vec<_> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let escaped = pem.replace('\n', "\\n");
        for written in [
            pem.clone(),
            body(&pem),
            wrapped.join("\n"),
            wrapped.join("\r\n") + "\r\n",
            format!("\"{}\"", body(&pem)),
            body(&pem).trim_end_matches('=').to_owned(),
            STANDARD.encode(&pem),
            STANDARD.encode(&escaped),
            escaped.clone(),
            pem.replace('\n', "\\r\\n"),
            format!("\"{escaped}\""),
            format!("'{escaped}'"),
            format!("\"{pem}\""),
            format!("  \"{escaped}\"\n"),
            format!("\u{feff}{pem}"),
            format!("\u{feff}{}", body(&pem)),
        ] {
            let verifier = expecting().public_key_pem(&written).build();
            let verifier = verifier.unwrap_or_else(|error| panic!("{written}: {error}"));
            assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok(), "{written}");
        }
        // The twins: a byte too few, another body.
        let short = body(&pem).trim_end_matches('=').chars().skip(4).collect::<String>();
        assert!(expecting().public_key_pem(short).build().is_err());
    }
}

/// What is given, and the words that say what it is and what to do.
fn mistaken() -> Vec<(Vec<u8>, GivenInstead, &'static str)> {
    use GivenInstead as Given;
    let issuer = TestIssuer::new(Algorithm::Es256);
    let certificates = json!({"k1": CERTIFICATE, "k2": CERTIFICATE});
    let metadata = json!({"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/jwks"});
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl me@host";
    let texts = [
        (CERTIFICATE.to_owned(), Given::Certificate, "`openssl x509"),
        (CERTIFICATE.replace('\n', "\\n"), Given::Certificate, "`openssl x509"),
        (body(CERTIFICATE), Given::Certificate, "`openssl x509"),
        (STANDARD.encode(CERTIFICATE), Given::Certificate, "`openssl x509"),
        (certificates.to_string(), Given::CertificateMap, "/service_accounts/v1/jwk/securetoken@system"),
        (STANDARD.encode(certificates.to_string()), Given::CertificateMap, "JWK Set to `jwks`"),
        (issuer.jwk().to_string(), Given::Jwk, "`jwk`"),
        (STANDARD.encode(issuer.jwk().to_string()), Given::Jwk, "`jwk`"),
        (issuer.jwks(), Given::JwkSet, "`jwks`"),
        (json!(issuer.jwks()).to_string(), Given::JwkSet, "`jwks`"),
        (metadata.to_string(), Given::IssuerMetadata, "`jwks_uri`"),
        ("{}".to_owned(), Given::EmptyObject, "choose a signing key"),
        (" { }\n".to_owned(), Given::EmptyObject, "choose a signing key"),
        ("https://issuer.example/jwks.json".to_owned(), Given::Url, "nothing is fetched"),
        ("HTTP://issuer.example".to_owned(), Given::Url, "nothing is fetched"),
        ("/etc/keys/public".to_owned(), Given::Path, "not the path"),
        ("keys/public.pem".to_owned(), Given::Path, "not the path"),
        (r"C:\keys\public".to_owned(), Given::Path, "not the path"),
        ("<!DOCTYPE html><html></html>".to_owned(), Given::WebPage, "web page"),
        ("\n<html lang=\"en\">".to_owned(), Given::WebPage, "web page"),
        (ssh.to_owned(), Given::SshKey, "`ssh-keygen -e"),
        (ssh.split(' ').nth(1).unwrap().to_owned(), Given::SshKey, "`ssh-keygen -e"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(), Given::SshKey, "`ssh-keygen -e"),
    ];
    texts.map(|(text, given, word)| (text.into_bytes(), given, word)).into()
}

#[test]
fn what_is_no_public_key_pem_is_named() {
    for (given, expected, word) in mistaken() {
        let error = key_error(expecting().public_key_pem(&given));
        let text = given.escape_ascii();
        match expected {
            GivenInstead::Certificate => assert_eq!(error, KeyError::Certificate, "{text}"),
            expected => assert_eq!(error, KeyError::Instead(expected), "{text}"),
        }
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
    let pem = TestIssuer::new(Algorithm::Es256).public_key_pem();
    for bytes in [
        utf_16(&pem, &[0xfeff], u16::to_le_bytes),
        utf_16(&pem, &[0xfeff], u16::to_be_bytes),
        utf_16(&pem, &[], u16::to_le_bytes),
        STANDARD.encode(utf_16(&pem, &[], u16::to_le_bytes)).into_bytes(),
    ] {
        let error = key_error(expecting().public_key_pem(bytes));
        assert_eq!(error, KeyError::Instead(GivenInstead::Utf16));
    }
    let der = STANDARD.decode(body(&pem)).unwrap();
    assert_eq!(key_error(expecting().public_key_pem(&der)), KeyError::Instead(GivenInstead::PublicKeyDer));
    let twice = key_error(expecting().public_key_pem(STANDARD.encode(STANDARD.encode(&pem))));
    assert!(twice.to_string().contains("more than once"), "{twice}");
}

#[test]
fn a_private_key_is_refused_however_it_is_written() {
    // The first parts of each, and no key: what follows is not looked at.
    let pkcs8 = [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22][..], &[7; 0x22]].concat();
    let sec1 = [&[0x30, 0x25, 2, 1, 1, 4, 0x20][..], &[7; 0x20]].concat();
    let pkcs1 = [0x30, 12, 2, 1, 0, 2, 1, 7, 2, 1, 3, 2, 1, 5].to_vec();
    let encrypted = [0x30, 9, 0x30, 3, 6, 1, 0x2a, 4, 2, 7, 7].to_vec();
    let openssh = b"openssh-key-v1\0\0\0\0\x04none".to_vec();
    for (label, der) in [
        ("PRIVATE KEY", pkcs8),
        ("EC PRIVATE KEY", sec1),
        ("RSA PRIVATE KEY", pkcs1),
        ("ENCRYPTED PRIVATE KEY", encrypted),
        ("OPENSSH PRIVATE KEY", openssh),
    ] {
        let body = STANDARD.encode(der);
        let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for written in
            [pem.clone(), body, STANDARD.encode(&pem), pem.replace('\n', "\\n"), format!("\"{pem}\"")]
        {
            let error = key_error(expecting().public_key_pem(&written));
            assert_eq!(error, KeyError::PrivateKey(label), "{written}");
            let instead = KeyError::Instead(GivenInstead::PrivateKey);
            assert_eq!(key_error(expecting().jwk(&*written)), instead, "{written}");
            let error = JwkSetError::Instead(GivenInstead::PrivateKey);
            assert_eq!(problem(expecting().jwks(&*written)), Problem::JwkSet { path: None, error });
        }
        let account = json!({"type": "service_account", "private_key": pem}).to_string();
        let instead = KeyError::Instead(GivenInstead::PrivateKey);
        assert_eq!(key_error(expecting().public_key_pem(&account)), instead);
        assert_eq!(key_error(expecting().jwk(account)), instead);
    }
}

#[test]
fn what_is_no_jwk_is_named() {
    let pem = TestIssuer::new(Algorithm::Es256).public_key_pem();
    let public = [pem.clone(), body(&pem), STANDARD.encode(&pem), pem.replace('\n', "\\n")];
    let public = public.map(|text| (text.into(), GivenInstead::PublicKeyPem, "`public_key_pem`"));
    for (given, expected, word) in mistaken().into_iter().chain(public) {
        let text = String::from_utf8(given).unwrap();
        // One is what is wanted, and one that is encoded has its own error.
        if expected == GivenInstead::Jwk {
            continue;
        }
        let error = key_error(expecting().jwk(&*text));
        assert_eq!(error, KeyError::Instead(expected), "{text}");
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
}

#[test]
fn what_is_no_set_is_named() {
    let folder = std::env::temp_dir().join(format!("auth-core-real-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("jwks.json");
    for (given, expected, word) in mistaken() {
        let text = String::from_utf8(given).unwrap();
        let expected = match expected {
            GivenInstead::JwkSet => continue,
            GivenInstead::Jwk => JwkSetError::SingleKey,
            GivenInstead::IssuerMetadata => JwkSetError::IssuerMetadata,
            other => JwkSetError::Instead(other),
        };
        std::fs::write(&path, &text).unwrap();
        for (found, from) in [
            (problem(expecting().jwks(&*text)), None),
            (problem(expecting().jwks_file(&path)), Some(path.clone())),
        ] {
            assert_eq!(found, Problem::JwkSet { path: from, error: expected }, "{text}");
            assert!(found.to_string().contains(word), "{text}: {found}");
        }
    }
    let issuer = TestIssuer::new(Algorithm::Es256);
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        std::fs::write(&path, utf_16(&issuer.jwks(), &[0xfeff], bytes)).unwrap();
        let error = JwkSetError::Instead(GivenInstead::Utf16);
        assert_eq!(
            problem(expecting().jwks_file(&path)),
            Problem::JwkSet { path: Some(path.clone()), error }
        );
    }
    std::fs::write(&path, STANDARD.decode(body(CERTIFICATE)).unwrap()).unwrap();
    let text = problem(expecting().jwks_file(&path)).to_string();
    assert!(text.contains("it is a certificate"), "{text}");
    std::fs::write(&path, [0xff; 32]).unwrap();
    let text = problem(expecting().jwks_file(&path)).to_string();
    assert!(text.contains("not a text in UTF-8"), "{text}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_no_path_is_named_and_not_printed() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let private = issuer.public_key_pem().replace("PUBLIC", "PRIVATE");
    for (given, error) in [
        (issuer.jwks(), GivenInstead::JwkSet),
        (issuer.public_key_pem(), GivenInstead::PublicKeyPem),
        (private, GivenInstead::PrivateKey),
    ] {
        let found = problem(expecting().jwks_file(given));
        assert_eq!(found, Problem::JwkSet { path: None, error: JwkSetError::Instead(error) });
    }
    let url = problem(expecting().jwks_file("https://issuer.example/jwks.json")).to_string();
    assert!(url.contains("https://issuer.example/jwks.json") && url.contains("nothing is fetched"), "{url}");
}

#[test]
fn what_is_unknown_is_not_called_by_a_name() {
    for text in ["", "x", "{", "[]", "null", "correct horse battery staple", r#"{"a":1}"#, "QUFB", "a/b"] {
        assert!(matches!(key_error(expecting().public_key_pem(text)), KeyError::Pem(_)), "{text}");
        assert!(!matches!(key_error(expecting().jwk(text)), KeyError::Instead(_)), "{text}");
        let found = problem(expecting().jwks(text));
        assert!(
            matches!(found, Problem::JwkSet { error: JwkSetError::Syntax | JwkSetError::NoKeys, .. }),
            "{text}: {found}"
        );
    }
}

#[test]
fn a_set_without_keys_says_what_to_do() {
    let text = problem(expecting().jwks(r#"{"keys":[]}"#)).to_string();
    assert!(
        text.contains("is empty") && text.contains("Make a signing key") && text.contains("`secret`"),
        "{text}"
    );
}
