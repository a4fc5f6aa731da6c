//! Tokens that were accepted, so that their signatures are not verified again.
//!
//! The rules are those of [`cache_limits`](crate::jwt::JwtVerifierBuilder::cache_limits). An entry carries the epoch of
//! the keys that it was verified with; its times are the caller's to check. Entries and bytes are bounded, and what is
//! asked for often stays.

use std::hash::{Hash, Hasher, RandomState};
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};

use crate::token::verified::VerifiedToken;

/// How much the cache may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheLimits {
    pub(crate) tokens: usize,
    pub(crate) bytes: usize,
}

impl CacheLimits {
    pub(crate) const DEFAULT: Self = Self { tokens: 10_000, bytes: 16 * 1024 * 1024 };
}

/// What an entry takes beside its token and its claims: the overhead of five allocations, and its places in
/// the tables. An estimate, on the high side.
const ENTRY_BYTES: usize = 256;

/// The most shards, each with a lock of its own, which readers on several cores rarely share then.
const MAX_SHARDS: usize = 64;

/// How many tokens of the greatest length a shard can hold, if only their text counted: a token, its claims and their
/// strings take up to three times that.
const LEAST_OF_SHARD: usize = 4;

pub(crate) struct TokenCache {
    entries: Cache<Token, Entry, ByBytes, RandomState>,
}

impl TokenCache {
    /// For tokens of up to `max_token_bytes`.
    pub(crate) fn new(limits: CacheLimits, max_token_bytes: usize) -> Self {
        let least = limits.bytes.checked_div(limits.tokens).unwrap_or(usize::MAX);
        let weighter = ByBytes { least: as_u64(least).max(1) };
        let tokens = limits.tokens.min(limits.bytes / ENTRY_BYTES);
        let bytes = as_u64(limits.bytes);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(tokens)
            .weight_capacity(bytes)
            .shards((limits.bytes / (LEAST_OF_SHARD * max_token_bytes).max(1)).clamp(1, MAX_SHARDS))
            .build();
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let entries = match options {
            Ok(options) => Cache::with_options(options, weighter, hasher, lifecycle),
            // Both capacities were said, so that this is not reached. It would work as well.
            Err(_) => Cache::with(tokens, bytes, weighter, hasher, lifecycle),
        };
        Self { entries }
    }

    /// The token as it was accepted with the keys of this epoch.
    pub(crate) fn get(&self, token: &str, epoch: u64) -> Option<VerifiedToken> {
        let entry = self.entries.get(&Presented(token))?;
        (entry.epoch == epoch).then_some(entry.token)
    }

    /// Remembers a token that was accepted with the keys of this epoch.
    pub(crate) fn insert(&self, token: &str, epoch: u64, verified: &VerifiedToken) {
        let text = verified.text().filter(|text| ***text == *token).cloned();
        let text = text.unwrap_or_else(|| token.into());
        self.entries.insert(Token(text), Entry { token: verified.clone(), epoch });
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }
}

#[derive(Clone)]
struct Entry {
    token: VerifiedToken,
    epoch: u64,
}

/// A token as the cache holds it, in common with what was verified.
#[derive(Clone, Eq, PartialEq)]
struct Token(Arc<str>);

/// A token as it is looked for.
struct Presented<'a>(&'a str);

/// Of the last bytes only, which are of the signature: as accepted tokens go, they differ, and nobody without
/// a key can make them alike. The whole would take longer to hash than all else that a hit does.
fn hash_end<H: Hasher>(token: &str, state: &mut H) {
    const END: usize = 32;
    let bytes = token.as_bytes();
    state.write(bytes.get(bytes.len().saturating_sub(END)..).unwrap_or_default());
}

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(&self.0, state);
    }
}

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(self.0, state);
    }
}

impl Equivalent<Token> for Presented<'_> {
    fn equivalent(&self, token: &Token) -> bool {
        *self.0 == *token.0
    }
}

/// Weighs in bytes, and each entry so much at least that no more than the allowed number fit.
#[derive(Clone)]
struct ByBytes {
    least: u64,
}

impl Weighter<Token, Entry> for ByBytes {
    fn weight(&self, key: &Token, entry: &Entry) -> u64 {
        as_u64(ENTRY_BYTES + key.0.len() + entry.token.claims_bytes()).max(self.least)
    }
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::bounds::{MAX_CREDENTIALS_BYTES, MAX_TOKEN_BYTES};

    fn verified(subject: &str) -> VerifiedToken {
        VerifiedToken::assert_verified(serde_json::json!({ "sub": subject })).unwrap()
    }

    #[test]
    fn a_token_is_found_by_all_of_its_bytes_and_for_its_epoch() {
        let cache = TokenCache::new(CacheLimits::DEFAULT, MAX_TOKEN_BYTES);
        let end = "e".repeat(40);
        let token = format!("a{end}");
        cache.insert(&token, 7, &verified("alice"));
        assert_eq!(cache.get(&token, 7).unwrap().subject(), "alice");
        for other in [format!("b{end}"), end.clone(), format!("aa{end}"), format!("{token}e"), String::new()]
        {
            assert!(cache.get(&other, 7).is_none(), "{other}");
        }
        for epoch in [0, 6, 8] {
            assert!(cache.get(&token, epoch).is_none(), "{epoch}");
        }
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let cache = TokenCache::new(CacheLimits { tokens: 100, bytes: 1 << 20 }, MAX_TOKEN_BYTES);
        for index in 0..1000 {
            cache.insert(&format!("token {index}"), 0, &verified("alice"));
        }
        assert!((50..=100).contains(&cache.len()), "{}", cache.len());
        let large = "x".repeat(8000);
        for index in 0..1000 {
            cache.insert(&format!("{large}{index}"), 0, &verified("alice"));
        }
        assert!(cache.entries.weight() <= 1 << 20);
        assert!((50..=(1 << 20) / 8000).contains(&cache.len()), "{}", cache.len());
    }

    #[test]
    fn an_entry_weighs_its_token_its_claims_and_what_goes_with_them() {
        assert_eq!((CacheLimits::DEFAULT.tokens, CacheLimits::DEFAULT.bytes), (10_000, 16_777_216));
        for recipients in [1, 100] {
            let audience: Vec<_> = (0..recipients).map(|index| format!("{index:03}")).collect();
            let claims = serde_json::json!({ "sub": "alice", "aud": audience });
            let token = VerifiedToken::assert_verified(&claims).unwrap();
            // The text, the strings in it once more, a range for each recipient, a place for each name.
            let least = 2 * claims.to_string().len() + 16 * recipients;
            assert_eq!(token.registered().members().bytes(), 2 * 8);
            assert!((least + 300..2 * least + 1000).contains(&token.claims_bytes()), "{recipients}");

            let cache = TokenCache::new(CacheLimits::DEFAULT, MAX_TOKEN_BYTES);
            cache.insert(&"t".repeat(5000), 0, &token);
            assert_eq!(cache.entries.weight(), as_u64(256 + 5000 + token.claims_bytes()));
        }
        let cache = TokenCache::new(CacheLimits::DEFAULT, MAX_TOKEN_BYTES);
        cache.insert("small", 0, &verified("alice"));
        assert_eq!(cache.entries.weight(), 16_777_216 / 10_000, "the least that one weighs");
    }

    #[test]
    fn no_limit_is_too_small_to_work() {
        for (tokens, bytes) in [(0, 0), (0, 1000), (1, 0), (1, 1), (usize::MAX, 1 << 20)] {
            let cache = TokenCache::new(CacheLimits { tokens, bytes }, MAX_TOKEN_BYTES);
            cache.insert("token", 0, &verified("alice"));
            assert!(cache.len() <= tokens);
        }
    }

    #[test]
    fn a_small_cache_holds_large_tokens() {
        for (tokens, bytes) in [(10_000, 32 << 10), (10_000, 512 << 10), (100, 1 << 20), (10_000, 16 << 20)] {
            let cache = TokenCache::new(CacheLimits { tokens, bytes }, MAX_TOKEN_BYTES);
            let claims = serde_json::json!({ "sub": "alice", "a": "x".repeat(5000) });
            let token = VerifiedToken::assert_verified(claims).unwrap();
            for index in 0..100 {
                let text = format!("{}{index}", "t".repeat(8000));
                cache.insert(&text, 0, &token);
                assert!(cache.get(&text, 0).is_some(), "{tokens} tokens, {bytes} bytes: {index}");
            }
        }
    }

    #[test]
    fn what_is_asked_for_often_stays() {
        let cache = TokenCache::new(CacheLimits { tokens: 1000, bytes: 16 << 20 }, MAX_TOKEN_BYTES);
        cache.insert("often", 0, &verified("alice"));
        for index in 0..20_000 {
            cache.insert(&format!("once {index}"), 0, &verified("bob"));
            assert!(cache.get("often", 0).is_some(), "{index}");
        }
    }

    #[test]
    fn a_token_of_the_greatest_length_finds_room() {
        for max_token_bytes in [MAX_TOKEN_BYTES, MAX_CREDENTIALS_BYTES] {
            let cache = TokenCache::new(CacheLimits { tokens: 10_000, bytes: 1 << 20 }, max_token_bytes);
            let subject = "s".repeat(max_token_bytes * 3 / 4 - 100);
            let token = "t".repeat(max_token_bytes);
            cache.insert(&token, 7, &verified(&subject));
            assert!(cache.get(&token, 7).is_some(), "{max_token_bytes}");
        }
    }
}
