//! Keys and secrets as they come in real life: what is meant well is read, what is mistaken is named.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use auth_core::jwt::{GivenInstead, JwkSetError, JwtVerifierBuilder, KeyError, Problem};
use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
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

/// Why it is no secret; `None` if it is one.
fn refusal(secret: &[u8]) -> Option<KeyError> {
    let error = expecting().secret(Algorithm::Hs256, secret).build().err()?;
    let [Problem::Key { error, .. }] = error.problems() else { panic!("{error}") };
    Some(error.clone())
}

fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

/// Base64 in lines, as tools write it.
fn lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\n") + "\n"
}

/// The ways of writing a text down once more.
fn written(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut ways = vec![
        STANDARD.encode(bytes).into_bytes(),
        URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
        URL_SAFE.encode(bytes).into_bytes(),
        lines(bytes).into_bytes(),
        hex(bytes, "").into_bytes(),
        hex(bytes, ":").to_uppercase().into_bytes(),
        hex(bytes, " ").into_bytes(),
        [b"\xef\xbb\xbf", bytes].concat(),
        [b"  ", bytes, b"\r\n"].concat(),
    ];
    if let Ok(text) = std::str::from_utf8(bytes) {
        ways.push(json!(text).to_string().into_bytes());
        for mark in [&[][..], &[0xfeff]] {
            ways.push(utf_16(text, mark, u16::to_le_bytes));
            ways.push(utf_16(text, mark, u16::to_be_bytes));
        }
    }
    ways
}

#[test]
fn a_key_is_no_secret_however_often_it_is_written() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let rsa = TestIssuer::new(Algorithm::Rs256);
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtl me@host";
    let blob = STANDARD.decode(ssh.split(' ').nth(1).unwrap()).unwrap();
    // The last byte of DER may be one of white space.
    let mut ends_like_a_line = STANDARD.decode(body(&issuer.public_key_pem())).unwrap();
    *ends_like_a_line.last_mut().unwrap() = b'\n';
    for key in [
        issuer.public_key_pem().into_bytes(),
        issuer.public_key_pem().replace('\n', "\\n").into_bytes(),
        rsa.public_key_pem().into_bytes(),
        issuer.jwk().to_string().into_bytes(),
        rsa.jwks().into_bytes(),
        serde_json::to_vec_pretty(&rsa.jwk()).unwrap(),
        STANDARD.decode(body(&issuer.public_key_pem())).unwrap(),
        STANDARD.decode(body(CERTIFICATE)).unwrap(),
        CERTIFICATE.as_bytes().to_vec(),
        ssh.as_bytes().to_vec(),
        blob,
        ends_like_a_line,
    ] {
        assert_eq!(refusal(&key), Some(KeyError::SecretIsKey), "{}", key.escape_ascii());
        for once in written(&key) {
            assert_eq!(refusal(&once), Some(KeyError::SecretIsKey), "{}", once.escape_ascii());
            for twice in written(&once) {
                assert_eq!(refusal(&twice), Some(KeyError::SecretIsKey), "{}", twice.escape_ascii());
            }
        }
    }
}

/// As tools print it, and as it stands in other text.
#[test]
fn a_key_amid_other_text_is_no_secret() {
    let (ec, rsa) = (TestIssuer::new(Algorithm::Es256), TestIssuer::new(Algorithm::Rs256));
    let (pem, body) = (rsa.public_key_pem(), body(&rsa.public_key_pem()));
    let der = STANDARD.decode(&body).unwrap();
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtl";
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(ec.jwk()[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    for text in [
        percent(&pem),
        percent(&pem).replace("%20", "+"),
        percent(&rsa.jwk().to_string()),
        format!("github.com {ssh}"),
        format!("no-pty {ssh} me@host"),
        hex(&der, "-").to_uppercase(),
        format!("0x{}", hex(&der, ", 0x")),
        format!("PUBLIC_KEY={body}"),
        format!("\u{201c}{body}\u{201d};"),
        format!("data:application/x-pem-file;base64,{}", STANDARD.encode(&pem)),
        hex(&point, ":"),
        STANDARD.encode(&point),
    ] {
        assert_eq!(refusal(text.as_bytes()), Some(KeyError::SecretIsKey), "{text}");
    }
    for bytes in [point.clone(), [&der[..], &[0]].concat()] {
        assert_eq!(refusal(&bytes), Some(KeyError::SecretIsKey), "{}", bytes.escape_ascii());
    }
    let n = rsa.jwk()["n"].as_str().unwrap().to_owned();
    let in_hex = hex(&URL_SAFE_NO_PAD.decode(&n).unwrap(), "").to_uppercase();
    for text in [
        format!("Modulus={in_hex}\n"),
        format!("{{'kty': 'RSA', 'e': 'AQAB', 'n': '{n}'}}"),
        json!({"n": n, "e": "AQAB"}).to_string(),
    ] {
        assert_eq!(refusal(text.as_bytes()), Some(KeyError::SecretIsModulus), "{text}");
    }
    // The twins: coordinates without their mark, and percent signs that encode nothing.
    assert_eq!(refusal(&[&[5], &point[1..]].concat()), None);
    assert_eq!(refusal(b"100% correct horse battery staple"), None);
}

/// The twins: what only looks a little like a key.
#[test]
fn what_is_no_key_may_be_a_secret() {
    for secret in [
        "correct horse battery staple {kty}",
        "{\"a\":\"correct horse battery staple\"}",
        "BEGIN PUBLIC KEY correct horse battery",
        "https://correct.example/horse/battery/staple",
        "~ssh-rsa correct horse battery staple",
        "\"quoted correct horse battery staple\"",
        "MII correct horse battery staple correct",
    ] {
        assert_eq!(refusal(secret.as_bytes()), None, "{secret}");
        for once in written(secret.as_bytes()) {
            assert_eq!(refusal(&once), None, "{}", once.escape_ascii());
        }
    }
}

#[test]
fn the_modulus_of_a_key_is_no_secret() {
    let rsa = TestIssuer::new(Algorithm::Rs256).jwk();
    let text = rsa.get("n").unwrap().as_str().unwrap();
    let n = URL_SAFE_NO_PAD.decode(text).unwrap();
    for written in [
        text.as_bytes().to_vec(),
        n.clone(),
        [&[0][..], &n].concat(),
        STANDARD.encode(&n).into_bytes(),
        lines(&n).into_bytes(),
        hex(&n, "").into_bytes(),
        format!("00:{}", hex(&n, ":")).into_bytes(),
        STANDARD.encode(text).into_bytes(),
        format!("\"{text}\"").into_bytes(),
    ] {
        assert_eq!(refusal(&written), Some(KeyError::SecretIsModulus), "{}", written.escape_ascii());
    }
    // The twins: even, of another length, with a small factor, its first bit not set.
    let (mut even, mut low) = (n.clone(), n.clone());
    *even.last_mut().unwrap() ^= 1;
    *low.first_mut().unwrap() &= 0x7f;
    for other in [even, low, n.get(1..).unwrap().to_vec(), [n.as_slice(), &[1]].concat()] {
        assert_eq!(refusal(&other), None);
    }
}

#[test]
fn bytes_that_repeat_are_no_secret() {
    for unit in 1..=8_u8 {
        let unit: Vec<u8> = (1..=unit).map(|byte| byte.wrapping_mul(37)).collect();
        for length in [32, 33, 64, 100] {
            let secret: Vec<u8> = unit.iter().copied().cycle().take(length).collect();
            for written in [vec![secret.clone()], written(&secret)].concat() {
                assert_eq!(refusal(&written), Some(KeyError::SecretRepeats), "{}", written.escape_ascii());
            }
            let (first, rest) = secret.split_first().unwrap();
            assert_eq!(refusal(&[rest, &[first ^ 0x80]].concat()), None, "{unit:?} {length}");
        }
    }
    let nine: Vec<u8> = (1..=9).map(|byte: u8| byte * 11).cycle().take(64).collect();
    assert_eq!(refusal(&nine), None, "the twin: a longer unit");
}

#[test]
fn what_documents_show_is_no_secret() {
    for known in [
        "a secret of 32 random bytes here",
        "0123456789abcdef0123456789abcdef",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    ] {
        for written in [vec![known.as_bytes().to_vec()], written(known.as_bytes())].concat() {
            assert_eq!(refusal(&written), Some(KeyError::SecretIsPublished), "{}", written.escape_ascii());
        }
        assert_eq!(refusal(format!("{known}~").as_bytes()), None, "the twin: one byte more");
    }
    let a_1 = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let jwk = json!({"kty": "oct", "k": a_1}).to_string();
    assert_eq!(key_error(expecting().jwk(jwk)), KeyError::SecretIsPublished);
    let fastapi = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    let bytes: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&fastapi[at..at + 2], 16).unwrap()).collect();
    assert_eq!(refusal(&bytes), Some(KeyError::SecretIsPublished), "as bytes");
}

#[test]
fn a_refused_secret_says_how_to_make_one() {
    for secret in [vec![7; 32], b"0123456789abcdef0123456789abcdef".to_vec(), vec![1; 256 * 1024 + 1]] {
        let text = refusal(&secret).unwrap().to_string();
        assert!(text.contains("`openssl rand -base64 32`"), "{text}");
        assert!(!text.contains("0123"), "{text}");
    }
    assert_eq!(refusal(&vec![1; 256 * 1024 + 1]), Some(KeyError::SecretTooLong));
}

/// What `KeyError::SecretIsModulus` says of a secret, by another reading: which of them are refused, and no others.
fn looks_like_a_modulus(secret: &[u8]) -> bool {
    let number = secret.strip_prefix(&[0]).unwrap_or(secret);
    // Two bytes at a time; all lengths below are even.
    let remainder = |factor| {
        let digits = number.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(pair[1]));
        digits.fold(0, |rest, digit| (rest << 16 | digit) % factor)
    };
    let has_small_factor = || (3..16_384).step_by(2).any(|factor| remainder(factor) == 0);
    [256, 384, 512, 1024].contains(&number.len())
        && number[0] >= 0x80
        && number[number.len() - 1] % 2 == 1
        && !has_small_factor()
}

#[test]
fn random_bytes_are_a_secret_in_every_form() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut random_bytes = |length| {
        let bytes = proptest::collection::vec(proptest::num::u8::ANY, length);
        bytes.new_tree(&mut runner).unwrap().current()
    };
    let mut mistaken = 0;
    for length in [32, 48, 64, 256, 512] {
        for _ in 0..1000 {
            let secret: Vec<u8> = random_bytes(length);
            let expected = looks_like_a_modulus(&secret).then_some(KeyError::SecretIsModulus);
            mistaken += usize::from(expected.is_some());
            for form in [
                secret.clone(),
                STANDARD.encode(&secret).into_bytes(),
                lines(&secret).into_bytes(),
                URL_SAFE_NO_PAD.encode(&secret).into_bytes(),
                hex(&secret, "").into_bytes(),
            ] {
                assert_eq!(refusal(&form), expected, "{}", form.escape_ascii());
            }
        }
    }
    assert!((30..90).contains(&mistaken), "{mistaken} of 2000, where 1 of 35 was said");
}
