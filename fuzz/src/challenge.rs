use auth_core::{
    Authenticator, NoClaims, Policy, Scope, TokenVerifier, VerifiedToken, VerifyFailure, async_trait,
};
use auth_testing::TestRequest;
use futures_executor::block_on;
use serde_json::json;

/// Takes the first line for a realm and the others for scopes that a route demands; the challenge of the
/// refusal is read back by another parser.
pub fn challenge(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let realm = lines.next().unwrap_or_default();
    let authenticator = match Authenticator::new(AcceptsAll).with_realm(realm) {
        Ok(authenticator) => authenticator,
        Err(error) => return error.to_string(),
    };
    let scopes = match lines.map(Scope::new).collect::<Result<Vec<_>, _>>() {
        Ok(scopes) => scopes,
        Err(error) => return error.to_string(),
    };
    let mut wanted: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    let request = TestRequest::get("/").bearer("x");
    let caller = block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    let Some(policy) = scopes.iter().cloned().map(Policy::scope).reduce(Policy::and) else {
        return "no scope".to_owned();
    };
    let rejection = caller.require(&policy).unwrap_err();
    let (_, value) = rejection.headers().find(|(name, _)| name == "www-authenticate").unwrap();

    let challenges = http_auth::parse_challenges(value.to_str().unwrap()).unwrap();
    let [challenge] = challenges.as_slice() else { panic!("{} challenges", challenges.len()) };
    assert_eq!(challenge.scheme, "Bearer");
    let parameters: Vec<_> =
        challenge.params.iter().map(|(name, value)| (*name, value.to_unescaped())).collect();
    let names: Vec<_> = parameters.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["realm", "error", "scope"]);
    let [realm_read, error, scope] = parameters.as_slice() else { unreachable!() };
    assert_eq!(realm_read.1, realm);
    assert_eq!(error.1, "insufficient_scope");
    let mut read: Vec<_> = scope.1.split(' ').collect();
    for names in [&mut wanted, &mut read] {
        names.sort_unstable();
    }
    wanted.dedup();
    assert_eq!(read, wanted);
    format!("{} scopes", wanted.len())
}

/// Accepts every token, and grants nothing.
struct AcceptsAll;

#[async_trait]
impl TokenVerifier for AcceptsAll {
    async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
        Ok(VerifiedToken::assert_verified(json!({"sub": "alice"}))?)
    }
}
