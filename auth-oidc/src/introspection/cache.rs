//! What the issuer said of tokens.
//!
//! Not the core's cache of accepted JWTs: that one tells tokens apart by their last bytes, which are of a signature, and its
//! entries count for a set of keys. Here the whole token is hashed, by a key of this process, and compared in full. Each
//! verifier has caches of its own, so that an answer counts for its policy only.

use std::hash::{Hash, Hasher, RandomState};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};

/// The most tokens of a cache.
const MAX_TOKENS: usize = 10_000;

/// What an entry takes beside its token and its value. An estimate, on the high side.
const ENTRY_BYTES: usize = 256;

/// What is remembered of tokens. Bounded; what is asked for often stays.
pub(crate) struct SeenTokens<V> {
    entries: Cache<Token, V, ByBytes<V>, RandomState>,
}

impl<V: Clone> SeenTokens<V> {
    /// Up to 10,000 tokens, and so many bytes. `weigh` tells how many bytes a value has beside its own size.
    pub(crate) fn new(bytes: usize, weigh: fn(&V) -> usize) -> Self {
        let weighter = ByBytes { weigh, least: as_u64(bytes.div_ceil(MAX_TOKENS)) };
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let options = OptionsBuilder::new()
            .estimated_items_capacity(MAX_TOKENS)
            .weight_capacity(as_u64(bytes))
            .shards(16)
            .build();
        let entries = match options {
            Ok(options) => Cache::with_options(options, weighter, hasher, lifecycle),
            // Both capacities were said, so that this is not reached. It would work as well.
            Err(_) => Cache::with(MAX_TOKENS, as_u64(bytes), weighter, hasher, lifecycle),
        };
        Self { entries }
    }

    pub(crate) fn get(&self, token: &str) -> Option<V> {
        self.entries.get(&Presented(token))
    }

    pub(crate) fn insert(&self, token: &str, value: V) {
        self.entries.insert(Token(token.into()), value);
    }

    pub(crate) fn remove(&self, token: &str) {
        self.entries.remove(&Presented(token));
    }
}

#[derive(Clone, Eq, Hash, PartialEq)]
struct Token(Box<str>);

/// A token as it is looked for.
struct Presented<'a>(&'a str);

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Token> for Presented<'_> {
    fn equivalent(&self, token: &Token) -> bool {
        *self.0 == *token.0
    }
}

/// Weighs in bytes, and each entry so much at least that no more than the allowed number fit.
#[derive(Clone)]
struct ByBytes<V> {
    weigh: fn(&V) -> usize,
    least: u64,
}

impl<V> Weighter<Token, V> for ByBytes<V> {
    fn weight(&self, key: &Token, value: &V) -> u64 {
        as_u64(ENTRY_BYTES + size_of::<V>() + key.0.len() + (self.weigh)(value)).max(self.least)
    }
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_all_of_its_bytes() {
        let cache = SeenTokens::new(1 << 20, |_: &u8| 0);
        let token = "t".repeat(40);
        cache.insert(&token, 7);
        assert_eq!(cache.get(&token), Some(7));
        for other in ["", &"t".repeat(39), &"t".repeat(41), &format!("u{}", "t".repeat(39))] {
            assert_eq!(cache.get(other), None, "{other}");
        }
        cache.insert(&token, 8);
        assert_eq!(cache.get(&token), Some(8));
        cache.remove(&token);
        assert_eq!(cache.get(&token), None);
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let cache = SeenTokens::new(4 << 20, |_: &()| 0);
        for number in 0..30_000 {
            cache.insert(&number.to_string(), ());
        }
        assert!((8_000..=10_000).contains(&cache.entries.len()), "{}", cache.entries.len());
        let cache = SeenTokens::new(4 << 20, |_: &()| 0);
        let long = "x".repeat(8_000);
        for number in 0..30_000 {
            cache.insert(&format!("{number}{long}"), ());
        }
        assert!(cache.entries.weight() <= 4 << 20);
        assert!((100..=524).contains(&cache.entries.len()), "{}", cache.entries.len());
    }

    #[test]
    fn what_a_value_weighs_counts() {
        let cache = SeenTokens::new(4 << 20, |weight: &usize| *weight);
        cache.insert("a", 5_000);
        assert_eq!(cache.entries.weight(), as_u64(ENTRY_BYTES + size_of::<usize>() + 1 + 5_000));
    }
}
