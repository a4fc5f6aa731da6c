use std::net::ToSocketAddrs;

use super::*;

const STRICT: AddressRules = AddressRules { allow_http: false, allow_private_networks: false };
const HTTP: AddressRules = AddressRules { allow_http: true, allow_private_networks: false };
const PRIVATE: AddressRules = AddressRules { allow_http: false, allow_private_networks: true };

fn configured(text: &str) -> Result<Address, AddressError> {
    Address::configured(text, STRICT)
}

fn named(metadata: &str, text: &str) -> Result<Address, AddressError> {
    Address::configured(metadata, HTTP).unwrap().named(text, Network::Public, STRICT)
}

fn assert_accepted(texts: &[&str]) {
    for text in texts {
        let address = configured(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(address.to_string(), *text);
    }
}

/// Asserts that each is refused for this reason, and that the text names it.
fn assert_refused(texts: &[&str], reason: impl Fn(&AddressError) -> bool) {
    for text in texts {
        let error = configured(text).expect_err(text);
        assert!(reason(&error), "{text}: {error:?}");
        assert!(error.to_string().contains(&format!("{text:?}")), "{text}: {error}");
    }
}

#[test]
fn https_addresses_are_accepted() {
    assert_accepted(&[
        "https://idp.example.com",
        "https://idp.example.com/",
        "https://idp.example.com:8443/realms/x",
        "https://tenant.b2clogin.com/t.onmicrosoft.com/v2.0/.well-known/openid-configuration?p=b2c_1_sign_in",
        "https://idp.example.com?p=policy",
        "https://idp.example.com./x",
        "https://keycloak_1:8443/",
        "https://xn--bcher-kva.example",
        "https://10.0.0.1:6443/openid/v1/jwks",
        "https://[fd00::1]:6443/",
        "https://[2606:4700::1111]/",
        "https://8.8.8.8/",
        "HTTPS://IDP.Example.COM/Realms/X",
        "https://idp.example.com/a%20b/@c:d",
        "https://3com.com/",
        "https://4.example/",
    ]);
}

#[test]
fn http_is_for_this_machine() {
    assert_accepted(&[
        "http://localhost",
        "http://localhost:8080/realms/x",
        "http://LOCALHOST:8080",
        "HTTP://localhost.",
        "http://127.0.0.1:8080/",
        "http://127.255.255.255",
        "http://[::1]:8080",
        "http://[0:0:0:0:0:0:0:1]",
        "http://[::ffff:127.0.0.1]",
        "http://[::FFFF:7f00:1]",
    ]);
    assert_refused(
        &[
            "http://idp.example.com",
            "HTTP://idp.example.com",
            "http://keycloak:8080",
            "http://localhost.example.com",
            "http://localhost.localdomain",
            "http://x.localhost",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://126.255.255.255",
            "http://128.0.0.1",
            "http://[::127.0.0.1]",
            "http://[64:ff9b::127.0.0.1]",
            "http://[2002:7f00:1::]",
            "http://[::ffff:10.0.0.1]",
            "http://[fd00::1]",
        ],
        |error| matches!(error, AddressError::PlainHttp(_)),
    );
    for text in ["http://idp.example.com", "http://10.0.0.1", "http://keycloak:8080"] {
        assert!(Address::configured(text, HTTP).is_ok(), "{text}");
    }
}

/// Each is 127.0.0.1 to some resolver, which would make of an address that looks public one that is not.
#[test]
fn odd_spellings_of_ip_addresses_are_refused() {
    assert_refused(
        &[
            "http://127.1",
            "http://0x7f.1",
            "http://0X7F.0X1",
            "http://2130706433",
            "http://0177.0.0.1",
            "http://127.0.0.01",
            "http://127.0.0.1.",
            "http://0x7f000001",
            "https://0x",
            "https://1.2.3.4.5",
            "https://256.0.0.1",
            "https://idp.example.0",
            "https://%31%32%37.0.0.1",
            "https://idp%2eexample.com",
            "https://[fe80::1%25eth0]",
            "https://[v1.x]",
            "https://[127.0.0.1]",
            "https://idp..example.com",
            "https://.",
            "https://.example.com",
        ],
        |error| matches!(error, AddressError::Host(_) | AddressError::NotAbsolute(_)),
    );
}

/// Why they are refused: this is what the C library makes of them.
#[test]
#[cfg(target_os = "linux")]
fn resolvers_read_odd_spellings() {
    for host in ["127.1", "0x7f.1", "2130706433", "0177.0.0.1"] {
        let Ok(mut resolved) = (host, 80).to_socket_addrs() else { continue };
        assert!(resolved.all(|socket| socket.ip().is_loopback()), "{host}");
    }
}

#[test]
fn some_addresses_are_never_fetched() {
    let never = [
        "https://169.254.169.254/latest/meta-data",
        "https://169.254.0.0",
        "https://[::ffff:169.254.169.254]",
        "https://[::169.254.169.254]",
        "https://[64:ff9b::169.254.169.254]",
        "https://[2002:a9fe:a9fe::]",
        "https://[fe80::1]",
        "https://0.0.0.0",
        "http://0.0.0.0:8080",
        "https://[::]",
        "https://[::ffff:0.0.0.0]",
        "https://224.0.0.1",
        "https://255.255.255.255",
        "https://[ff02::1]",
        "https://[fd00:ec2::254]",
    ];
    assert_refused(&never, |error| matches!(error, AddressError::Forbidden(_)));
    for text in never {
        let rules = AddressRules { allow_http: true, allow_private_networks: true };
        assert!(matches!(Address::configured(text, rules), Err(AddressError::Forbidden(_))), "{text}");
    }
}

#[test]
fn malformed_addresses_are_refused() {
    assert_refused(
        &["", "idp.example.com", "//idp.example.com", "/realms/x", "https:", "https://", "https:///x"],
        |e| matches!(e, AddressError::NotAbsolute(_) | AddressError::NoHost(_)),
    );
    assert_refused(&["ftp://idp.example.com", "file://host/x", "httpss://idp.example.com"], |error| {
        matches!(error, AddressError::Scheme(..))
    });
    assert_refused(&["https://:443", "https://:443/x"], |e| matches!(e, AddressError::NoHost(_)));
    assert_refused(&["https://idp.example.com/#x", "https://idp.example.com#", "https://a?b#c"], |error| {
        matches!(error, AddressError::Fragment(_))
    });
    assert_refused(&["https://login.example.com/{tenantid}/v2.0", "https://a/}"], |error| {
        matches!(error, AddressError::Template(_))
    });
    for character in
        [' ', '\t', '\r', '\n', '\0', '\u{7f}', '\\', '"', '<', '|', '^', '`', 'ü', '\u{a0}', '\u{ff0e}']
    {
        for text in [
            format!("https://idp{character}/"),
            format!("https://idp/{character}"),
            format!("{character}https://idp"),
        ] {
            assert_refused(
                &[&text],
                |error| matches!(error, AddressError::Character(_, c) if *c == character),
            );
        }
    }
    for port in ["0", "65536", "-1", "+1", "x", "4a", "99999999999"] {
        assert_refused(&[&format!("https://idp.example.com:{port}/")], |error| {
            matches!(error, AddressError::Port(_) | AddressError::NotAbsolute(_))
        });
    }
    assert!(configured("https://idp.example.com:65535").is_ok());
}

#[test]
fn length_is_bounded() {
    let text = format!("https://idp.example.com/{}", "x".repeat(MAX_LENGTH - 24));
    assert_eq!(text.len(), MAX_LENGTH);
    assert!(configured(&text).is_ok());
    let error = configured(&format!("{text}x")).unwrap_err();
    assert!(matches!(error, AddressError::TooLong(_)));
    assert!(error.to_string().len() < 400, "{error}");
}

#[test]
fn user_names_and_passwords_are_refused_and_not_shown() {
    for text in [
        "https://user:secret@idp.example.com",
        "https://secret@idp.example.com",
        "https://secret@b@idp.example.com/",
        "https://secret@127.0.0.1@idp.example.com/",
        "https://secret:@idp.example.com",
        "ftp://secret@idp.example.com",
        "https://secret@idp.example.com/ ",
    ] {
        let error = configured(text).expect_err(text);
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("idp.example.com"), "{error}");
    }
    assert!(matches!(configured("https://a:b@idp.example.com"), Err(AddressError::UserInfo(_))));
    assert!(configured("https://@idp.example.com").is_err());
}

#[test]
fn metadata_by_https_name_keys_by_https() {
    let metadata = Address::configured("https://idp.example.com/m", STRICT).unwrap();
    let error = metadata.named("http://idp.example.com/k", Network::Public, HTTP).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"http://idp.example.com/k\" is fetched without TLS, while the metadata that name it, at \
         \"https://idp.example.com/m\", are fetched with TLS: make the provider announce an https address, or \
         configure `jwks_uri`"
    );
    assert!(metadata.named("http://127.0.0.1/k", Network::Private, HTTP).is_err());
    assert!(metadata.named("https://keys.example.org/k", Network::Public, STRICT).is_ok());
}

#[test]
fn metadata_by_http_on_this_machine_name_keys_by_http_on_this_machine() {
    assert!(named("http://localhost:8080/m", "http://127.0.0.1:8080/k").is_ok());
    assert!(named("http://127.0.0.1/m", "https://keys.example.org/k").is_ok());
    for keys in ["http://idp.example.com/k", "http://10.0.0.1/k", "http://host.docker.internal/k"] {
        assert!(matches!(named("http://localhost/m", keys), Err(AddressError::PlainHttp(_))), "{keys}");
    }
    let metadata = Address::configured("http://idp.example.com/m", HTTP).unwrap();
    assert!(metadata.named("http://keys.example.org/k", Network::Public, HTTP).is_ok());
}

#[test]
fn a_public_provider_names_no_private_address() {
    let private = ["https://10.0.0.1/k", "https://[fd00::1]/k", "https://127.0.0.1/k", "https://localhost/k"];
    let metadata = configured("https://idp.example.com/m").unwrap();
    for keys in private {
        let refused = metadata.named(keys, Network::Public, STRICT);
        assert!(matches!(refused, Err(AddressError::PrivateNetwork(_))), "{keys}");
        for (reached, rules) in [(Network::Private, STRICT), (Network::Public, PRIVATE)] {
            assert!(metadata.named(keys, reached, rules).is_ok(), "{keys}");
        }
        for metadata in ["https://192.168.1.1/m", "https://localhost/m", "https://[::1]/m"] {
            assert!(named(metadata, keys).is_ok(), "{metadata} {keys}");
        }
    }
    assert!(metadata.named("https://169.254.169.254/k", Network::Private, PRIVATE).is_err());
}

/// Where the name resolves to is up to the client, which goes by the request's extension.
#[test]
fn requests_say_which_networks_they_may_reach() {
    let metadata = configured("https://idp.example.com/m?p=x").unwrap();
    let request = metadata.request(MaxBytes(7));
    assert_eq!((request.method(), request.uri().to_string()), (&http::Method::GET, metadata.to_string()));
    assert_eq!(request.extensions().get::<MaxBytes>(), Some(&MaxBytes(7)));
    assert_eq!(request.extensions().get(), Some(&Network::Private));

    let network = |reached, rules| {
        let keys = metadata.named("https://keys.example.org/k", reached, rules).unwrap();
        keys.request(MaxBytes(7)).extensions().get().copied()
    };
    assert_eq!(network(Network::Public, STRICT), Some(Network::Public));
    assert_eq!(network(Network::Private, STRICT), Some(Network::Private));
    assert_eq!(network(Network::Public, PRIVATE), Some(Network::Private));
}
