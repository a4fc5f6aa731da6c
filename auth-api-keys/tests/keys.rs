//! What is minted, what is refused, and what a store may do.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_api_keys::{
    ApiKey, ApiKeyRecord, ApiKeyStore, ApiKeys, KeyOwner, MemoryApiKeys, MintError, MintedKey, NewApiKey,
    Scope, StoreFailure, async_trait,
};
use auth_core::{Clock, TokenKind, TokenRouter, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};
use auth_testing::{TestClock, TestIssuer};
use futures_executor::block_on;
use proptest::prelude::*;

use self::common::with_checksum;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ORDERS_READ: Scope = Scope::from_static("orders:read");

/// A store that counts what it is asked, and misbehaves as a test wants it.
#[derive(Default)]
struct Observed {
    rows: MemoryApiKeys,
    finds: AtomicUsize,
    touches: AtomicUsize,
    fault: std::sync::Mutex<Fault>,
}

#[derive(Clone, Default)]
enum Fault {
    #[default]
    None,
    Down,
    TouchFails,
    TouchPanics,
    /// Whatever is asked for, this is found.
    Finds(Box<ApiKeyRecord>),
    Forgets,
    SaysTaken,
}

impl Observed {
    fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn fault(&self) -> Fault {
        self.fault.lock().unwrap().clone()
    }

    fn up(&self) -> Result<(), StoreFailure> {
        match self.fault() {
            Fault::Down => Err(std::io::Error::other("the database is gone").into()),
            _ => Ok(()),
        }
    }

    fn finds(&self) -> usize {
        self.finds.load(Ordering::Relaxed)
    }

    fn touches(&self) -> usize {
        self.touches.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ApiKeyStore for Observed {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        self.up()?;
        if matches!(self.fault(), Fault::SaysTaken) { Ok(false) } else { self.rows.insert(record).await }
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        self.up()?;
        match self.fault() {
            Fault::Finds(record) => Ok(Some(*record)),
            Fault::Forgets => Ok(None),
            _ => self.rows.find(id).await,
        }
    }

    async fn keys(&self, _: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        self.up()?;
        // More than was asked for, as a query without its condition.
        let mut keys = self.rows.keys(KeyOwner::Client("export")).await?;
        keys.extend(self.rows.keys(KeyOwner::Client("import")).await?);
        Ok(keys)
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        self.up()?;
        self.rows.revoke(id, at).await
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        self.up()?;
        self.rows.revoke_all(owner, at).await
    }

    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure> {
        self.touches.fetch_add(1, Ordering::Relaxed);
        match self.fault() {
            Fault::TouchFails => Err(std::io::Error::other("read-only").into()),
            Fault::TouchPanics => panic!("the store"),
            _ => self.rows.touch(id, at).await,
        }
    }
}

struct Setup {
    keys: ApiKeys,
    store: Arc<Observed>,
    clock: TestClock,
}

fn setup() -> Setup {
    let (store, clock) = (Arc::new(Observed::default()), TestClock::default());
    let keys = ApiKeys::new("acme", store.clone()).unwrap().clock(clock.clone());
    Setup { keys, store, clock }
}

fn new() -> NewApiKey {
    NewApiKey::for_client("export").scopes([ORDERS_READ]).lifetime(DAY)
}

impl Setup {
    fn mint(&self, new: NewApiKey) -> MintedKey {
        block_on(self.keys.mint(new)).unwrap()
    }

    fn refusal(&self, new: NewApiKey) -> MintError {
        block_on(self.keys.mint(new)).unwrap_err()
    }

    fn verify(&self, key: &str) -> Result<VerifiedToken, VerifyFailure> {
        block_on(self.keys.verify(key))
    }

    fn error(&self, key: &str) -> Option<VerifyError> {
        self.verify(key).err().map(VerifyFailure::into_error)
    }
}

#[test]
fn a_key_says_what_an_access_token_says() {
    let Setup { keys, clock, .. } = &setup();
    let keys = keys.clone().issuer("https://issuer.example");
    let now = clock.now().unwrap();
    let key = block_on(keys.mint(new().on_behalf_of("alice").not_before(now).label("x"))).unwrap();
    let token = block_on(keys.verify(key.as_str())).unwrap();
    assert_eq!((token.kind(), token.key_id()), (TokenKind::ApiKey, Some(&*key.details().id)));
    let claims: serde_json::Value = token.claims().unwrap();
    assert_eq!(
        claims,
        serde_json::json!({
            "iss": "https://issuer.example", "sub": "alice", "client_id": "export", "scope": "orders:read",
            "jti": key.details().id, "iat": now, "nbf": now, "exp": now + 86_400,
        })
    );
    assert_eq!(key.details().label.as_deref(), Some("x"));

    let key = block_on(setup().keys.mint(NewApiKey::for_client("export").never_expires())).unwrap();
    assert_eq!((key.details().expires_at, &*key.details().scope), (None, ""));
}

#[test]
fn a_key_is_good_for_its_time_to_the_second() {
    let setup = setup();
    let now = setup.clock.now().unwrap();
    let key = setup.mint(new().not_before(now + 10).lifetime(Duration::from_secs(20)));
    for (at, expected) in [
        (0, Some(VerifyError::NotYetValid)),
        (9, Some(VerifyError::NotYetValid)),
        (10, None),
        (19, None),
        (20, Some(VerifyError::Expired)),
        (1_000_000, Some(VerifyError::Expired)),
    ] {
        setup.clock.set(now + at);
        assert_eq!(setup.error(key.as_str()), expected, "{at}");
    }
    let key = setup.mint(NewApiKey::for_client("export").never_expires());
    setup.clock.set(now + 100 * 365 * 86_400);
    assert_eq!(setup.error(key.as_str()), None);
}

#[test]
fn what_is_no_key_never_reaches_the_store() {
    let setup = setup();
    let key = setup.mint(new());
    let key = key.as_str();
    let before = setup.store.finds();
    let other = ApiKeys::new("other", MemoryApiKeys::default()).unwrap();
    let other = block_on(other.mint(new())).unwrap();
    let issuer = TestIssuer::default();
    for (text, hint) in [
        (String::new(), "begins with"),
        ("acme_".to_owned(), "cut off"),
        (key[..58].to_owned(), "cut off"),
        (format!("{key}0"), "after this one"),
        (format!("{key}{key}"), "after this one"),
        (format!("{key}={}", "0".repeat(60_000)), "after this one"),
        (format!("{}é", &key[..57]), "letters and digits"),
        (key.to_lowercase(), "checksum"),
        (key.to_uppercase(), "begins with"),
        (key.replacen("acme", "Acme", 1), "begins with"),
        (format!("{}{}", &key[..58], if key.ends_with('0') { '1' } else { '0' }), "checksum"),
        (format!("acme_{}", "0".repeat(54)), "checksum"),
        (other.as_str().to_owned(), "begins with"),
        (other.as_str().replacen("other_", "acme_", 1), "checksum"),
        (issuer.good("alice"), "begins with"),
    ] {
        let failure = setup.verify(&text).unwrap_err();
        let expected = if text.len() > 59 && text.starts_with("acme_") {
            VerifyError::TooLong
        } else {
            VerifyError::UnknownToken
        };
        assert_eq!(failure.error(), &expected, "{hint}");
        assert!(failure.hint().unwrap().to_string().contains(hint), "{failure:?}");
        let at_once = setup.keys.verify_now(&text).unwrap().unwrap_err();
        assert_eq!(at_once, failure);
    }
    assert_eq!(setup.store.finds(), before);
    assert_eq!(setup.error(key), None);
    assert!(setup.keys.verify_now(key).is_none(), "the store has to be asked");
}

#[test]
fn an_unknown_id_and_a_wrong_secret_are_one_refusal_with_two_hints() {
    let setup = setup();
    let key = setup.mint(new());
    let elsewhere = block_on(ApiKeys::new("acme", MemoryApiKeys::default()).unwrap().mint(new())).unwrap();
    let unknown = setup.verify(elsewhere.as_str()).unwrap_err();
    // The row of this id has the hash of another key.
    let record = block_on(setup.store.find(&key.details().id)).unwrap().unwrap();
    let other_hash = ApiKeyRecord { hash: "0".repeat(64), ..record.clone() };
    setup.store.fail(Fault::Finds(Box::new(other_hash)));
    let wrong = setup.verify(key.as_str()).unwrap_err();
    assert_eq!((unknown.error(), wrong.error()), (&VerifyError::UnknownToken, &VerifyError::UnknownToken));
    assert!(unknown.hint().unwrap().to_string().contains("no API key has this id"));
    assert!(wrong.hint().unwrap().to_string().contains("secret is another"));
    assert_eq!((unknown.key_id(), wrong.key_id()), (None, Some(&*key.details().id)));

    // The twin: its own row.
    setup.store.fail(Fault::Finds(Box::new(record)));
    assert_eq!(setup.error(key.as_str()), None);
}

#[test]
fn a_row_of_another_key_is_never_taken_for_its_own() {
    let setup = setup();
    let (key, other) = (setup.mint(new()), setup.mint(new()));
    let record = |key: &MintedKey| block_on(setup.store.find(&key.details().id)).unwrap().unwrap();
    let (own, others) = (record(&key), record(&other));
    // Even where the hash is that of the presented key.
    let mixed = ApiKeyRecord { key: others.key.clone(), hash: own.hash.clone() };
    for row in [others, mixed] {
        setup.store.fail(Fault::Finds(Box::new(row)));
        let failure = setup.verify(key.as_str()).unwrap_err();
        assert_eq!((failure.error(), failure.key_id()), (&VerifyError::UnknownToken, None));
        assert!(failure.hint().unwrap().to_string().contains("byte by byte"));
    }
    setup.store.fail(Fault::Finds(Box::new(own)));
    assert_eq!(setup.error(key.as_str()), None);
}

#[test]
fn a_revoked_key_is_refused_from_the_next_request_on() {
    let setup = setup();
    let [one, two, three] =
        [new(), new().on_behalf_of("alice"), NewApiKey::for_client("import").lifetime(DAY)];
    let [one, two, three] = [one, two, three].map(|new| setup.mint(new));
    let (id, refused) = (|key: &MintedKey| key.details().id.clone(), Some(VerifyError::UnknownToken));
    assert_eq!(setup.error(one.as_str()), None);
    assert!(block_on(setup.keys.revoke(&id(&one))).unwrap());
    assert_eq!(setup.error(one.as_str()), refused);
    let failure = setup.verify(one.as_str()).unwrap_err();
    assert!(failure.hint().unwrap().to_string().contains("revoked") && failure.key_id() == Some(&id(&one)));
    assert!(!block_on(setup.keys.revoke(&id(&one))).unwrap(), "it was");
    assert!(!block_on(setup.keys.revoke("nobody")).unwrap());

    // Nobody revokes what belongs to somebody else.
    for owner in [KeyOwner::Subject("bob"), KeyOwner::Client("import"), KeyOwner::Client("alice")] {
        assert!(!block_on(setup.keys.revoke_owned(owner, &id(&two))).unwrap());
    }
    assert_eq!(setup.error(two.as_str()), None);
    assert!(block_on(setup.keys.revoke_owned(KeyOwner::Subject("alice"), &id(&two))).unwrap());
    assert_eq!(setup.error(two.as_str()), refused);

    // A client that is deleted.
    assert_eq!(block_on(setup.keys.revoke_all(KeyOwner::Client("export"))).unwrap(), 0, "both were");
    assert_eq!(setup.error(three.as_str()), None);
    assert_eq!(block_on(setup.keys.revoke_all(KeyOwner::Client("import"))).unwrap(), 1);
    assert_eq!(setup.error(three.as_str()), refused);
}

#[test]
fn a_leaked_key_is_revoked_by_whoever_has_all_of_it() {
    let setup = setup();
    let key = setup.mint(new());
    let elsewhere = block_on(ApiKeys::new("acme", MemoryApiKeys::default()).unwrap().mint(new())).unwrap();
    // The id is right, the secret is not, and the checksum is that of both.
    let forged = with_checksum(&format!("acme_{}{}", key.details().id, &elsewhere.as_str()[21..53]));
    assert!(setup.verify(&forged).unwrap_err().hint().unwrap().to_string().contains("secret is another"));
    for text in [forged.as_str(), &key.details().id, "", elsewhere.as_str()] {
        assert_eq!(block_on(setup.keys.revoke_leaked(text)).unwrap(), None);
    }
    assert_eq!(setup.error(key.as_str()), None);
    let revoked = block_on(setup.keys.revoke_leaked(key.as_str())).unwrap().unwrap();
    assert_eq!((&*revoked.client_id, revoked.revoked_at), ("export", setup.clock.now()));
    assert_eq!(setup.error(key.as_str()), Some(VerifyError::UnknownToken));
    assert!(block_on(setup.keys.revoke_leaked(key.as_str())).unwrap().is_some(), "reported again");
}

#[test]
fn owners_see_their_own_keys_whatever_the_store_returns() {
    let setup = setup();
    let first = setup.mint(new());
    setup.clock.advance(Duration::from_secs(1));
    let second = setup.mint(new());
    let other = setup.mint(NewApiKey::for_client("import").lifetime(DAY));
    let ids =
        |owner| block_on(setup.keys.list(owner)).unwrap().into_iter().map(|key| key.id).collect::<Vec<_>>();
    assert_eq!(ids(KeyOwner::Client("export")), [&*first.details().id, &*second.details().id]);
    assert_eq!(ids(KeyOwner::Subject("import")), [&*other.details().id]);
    assert!(ids(KeyOwner::Client("Export")).is_empty());
}

#[test]
fn a_key_that_its_verifier_would_refuse_is_not_minted() {
    let setup = setup();
    let now = setup.clock.now().unwrap();
    let client = |id: &str| NewApiKey::for_client(id).lifetime(DAY);
    let longest = "x".repeat(255);
    for id in ["", "two\nlines", "é", &format!("{longest}x"), "\0"] {
        assert!(matches!(setup.refusal(client(id)), MintError::ClientId), "{id:?}");
    }
    for subject in ["", "a\u{7f}", &format!("{longest}x")] {
        assert!(matches!(setup.refusal(new().on_behalf_of(subject)), MintError::Subject), "{subject:?}");
    }
    for label in ["", "two\nlines", &"x".repeat(201)] {
        assert!(matches!(setup.refusal(new().label(label)), MintError::Label), "{label:?}");
    }
    assert!(matches!(setup.refusal(NewApiKey::for_client("export")), MintError::NoLifetime));
    for (new, error) in [
        (new().scopes([ORDERS_READ]), VerifyError::InvalidClaim("scope")),
        (new().lifetime(Duration::from_millis(999)), VerifyError::Expired),
        (new().lifetime(Duration::MAX), VerifyError::InvalidClaim("exp")),
        (new().not_before(now + 86_400), VerifyError::Expired),
        (new().not_before(u64::MAX).never_expires(), VerifyError::InvalidClaim("nbf")),
    ] {
        let refusal = setup.refusal(new);
        let MintError::WouldBeRefused(found) = &refusal else { panic!("{error}: {refusal}") };
        assert_eq!(*found, error);
        assert!(refusal.to_string().contains("change what"), "{refusal}");
    }
    assert!(block_on(setup.keys.list(KeyOwner::Client("export"))).unwrap().is_empty(), "nothing is stored");

    // Their twins.
    for new in [
        client(&longest),
        client("a b"),
        new().on_behalf_of("é".repeat(255)),
        new().label("x".repeat(200)).scopes([Scope::from_static("orders:write")]),
        new().lifetime(Duration::from_secs(1)),
        new().not_before(now + 86_399),
        new().not_before(0).never_expires(),
    ] {
        setup.mint(new);
    }
}

#[test]
fn a_key_is_handed_out_only_once_the_store_has_it() {
    let setup = setup();
    setup.store.fail(Fault::Down);
    assert!(matches!(setup.refusal(new()), MintError::Unavailable(_)));
    setup.store.fail(Fault::SaysTaken);
    assert!(matches!(setup.refusal(new()), MintError::Unavailable(_)));
    setup.store.fail(Fault::Forgets);
    assert!(matches!(setup.refusal(new()), MintError::NotKept));
    setup.store.fail(Fault::None);
    let left = block_on(setup.keys.list(KeyOwner::Client("export"))).unwrap();
    assert!(left.len() == 1 && left.iter().all(|key| key.revoked_at.is_some()));
    let unknown_time = setup.keys.clock(NoTime);
    assert!(matches!(block_on(unknown_time.mint(new())), Err(MintError::Unavailable(_))));
}

#[derive(Debug)]
struct NoTime;

impl Clock for NoTime {
    fn now(&self) -> Option<u64> {
        None
    }
}

#[test]
fn an_outage_is_no_verdict() {
    let setup = setup();
    let key = setup.mint(new());
    setup.store.fail(Fault::Down);
    let failure = setup.verify(key.as_str()).unwrap_err();
    assert_eq!(failure.error(), &VerifyError::Unavailable { retry_after: None });
    assert!(failure.hint().unwrap().to_string().contains("the database is gone"));
    for refused in [
        block_on(setup.keys.list(KeyOwner::Client("export"))).is_err(),
        block_on(setup.keys.revoke(&key.details().id)).is_err(),
        block_on(setup.keys.revoke_all(KeyOwner::Client("export"))).is_err(),
        block_on(setup.keys.revoke_leaked(key.as_str())).is_err(),
    ] {
        assert!(refused);
    }
    setup.store.fail(Fault::None);
    assert_eq!(setup.error(key.as_str()), None);
    let failure = block_on(setup.keys.clock(NoTime).verify(key.as_str())).unwrap_err();
    assert_eq!(failure.error(), &VerifyError::Unavailable { retry_after: None });
}

#[test]
fn the_last_use_is_written_rarely_and_never_fails_a_request() {
    let setup = setup();
    let key = setup.mint(new());
    let start = setup.clock.now().unwrap();
    let used = || block_on(setup.keys.list(KeyOwner::Client("export"))).unwrap().remove(0).last_used_at;
    assert_eq!((setup.store.touches(), used()), (0, None), "minting is no use");
    for _ in 0..100 {
        assert_eq!(setup.error(key.as_str()), None);
    }
    assert_eq!((setup.store.touches(), used()), (1, Some(start)));
    setup.clock.advance(Duration::from_secs(299));
    assert_eq!(setup.error(key.as_str()), None);
    assert_eq!((setup.store.touches(), used()), (1, Some(start)));
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(setup.error(key.as_str()), None);
    assert_eq!((setup.store.touches(), used()), (2, Some(start + 300)));

    for (fault, minute) in [(Fault::TouchFails, 10), (Fault::TouchPanics, 20)] {
        setup.store.fail(fault);
        setup.clock.set(start + minute * 60);
        let touches = setup.store.touches();
        for _ in 0..100 {
            assert_eq!(setup.error(key.as_str()), None);
        }
        assert_eq!(setup.store.touches(), touches + 1, "a store that fails is not asked at each request");
        assert_eq!(used(), Some(start + 300));
    }
    setup.store.fail(Fault::None);

    // What is refused is no use.
    setup.clock.set(start + 30 * 60);
    let touches = setup.store.touches();
    block_on(setup.keys.revoke(&key.details().id)).unwrap();
    assert!(setup.error(key.as_str()).is_some());
    assert_eq!(setup.store.touches(), touches);

    let always = setup.keys.clone().last_used_interval(Duration::ZERO);
    let key = setup.mint(new());
    for _ in 0..3 {
        block_on(always.verify(key.as_str())).unwrap();
    }
    assert_eq!(setup.store.touches(), touches + 3);
}

#[test]
fn a_key_beside_jwts_goes_to_its_own_verifier() {
    let setup = setup();
    let issuer = TestIssuer::default().clock(setup.clock.clone());
    let jwts = issuer.verifier().build().unwrap();
    let router = TokenRouter::new().jwt(jwts).prefix(setup.keys.prefix(), setup.keys.clone()).unwrap();
    let key = setup.mint(new());
    let kind = |token: &str| block_on(router.verify(token)).map(|token| token.kind());
    let before = setup.store.finds();
    assert_eq!(kind(&issuer.good("alice")), Ok(TokenKind::Jwt));
    assert!(kind(&issuer.bad_signature("alice")).is_err());
    assert_eq!(setup.store.finds(), before, "no JWT is looked up");
    assert_eq!(kind(key.as_str()), Ok(TokenKind::ApiKey));
}

#[test]
fn a_scanner_finds_the_keys_and_nothing_else() {
    let setup = setup();
    let pattern = regex::Regex::new(&setup.keys.scanner_pattern()).unwrap();
    assert_eq!(pattern.as_str(), r"\bacme_[0-9A-Za-z]{54}\b");
    let key = setup.mint(new());
    let key = key.as_str();
    for text in [
        format!("ACME_KEY={key}\n"),
        format!("\"{key}\""),
        format!("https://x/?key={key}&a=b"),
        key.to_owned(),
    ] {
        assert_eq!(pattern.find(&text).unwrap().as_str(), key);
    }
    let live = block_on(ApiKeys::new("acme_live", MemoryApiKeys::default()).unwrap().mint(new())).unwrap();
    for text in [live.as_str(), &key[..58], &format!("{key}0"), &format!("x{key}"), &key.to_uppercase()] {
        assert!(pattern.find(text).is_none(), "{}", text.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_is_a_key_but_a_key(text in "(acme_)?[0-9A-Za-z_é]{0,80}") {
        let setup = setup();
        prop_assert!(setup.error(&text).is_some());
        prop_assert_eq!(setup.store.finds(), 0);
    }
}
