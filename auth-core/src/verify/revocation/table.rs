//! What was revoked, in bounded memory.

use std::collections::HashMap;

/// What one entry may take on average, in bytes: its names and its places in the maps.
const BYTES_OF_ENTRY: usize = 256;

/// By issuer, so that names of two issuers never meet.
pub(super) struct Table {
    issuers: HashMap<Box<str>, OfIssuer>,
    max_entries: usize,
    entries: usize,
    /// Of the names.
    bytes: usize,
}

#[derive(Default)]
pub(super) struct OfIssuer {
    /// `jti`.
    tokens: HashMap<Box<str>, Expiry>,
    /// `sub`, and the moment before which its tokens were issued.
    subjects: HashMap<Box<str>, (Cutoff, Expiry)>,
    /// `sid`.
    sessions: HashMap<Box<str>, Expiry>,
}

/// In seconds since 1970. From then on no token is accepted that the entry is about.
type Expiry = u64;
/// In seconds since 1970. Tokens that were issued before are revoked.
type Cutoff = u64;

/// What an entry is about.
#[derive(Clone, Copy)]
pub(super) enum Revoked<'a> {
    Token(&'a str),
    Subject(&'a str, Cutoff),
    Session(&'a str),
}

/// There is no room for an entry.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Full;

impl Table {
    pub(super) fn new(max_entries: usize) -> Self {
        Self { issuers: HashMap::new(), max_entries, entries: 0, bytes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    pub(super) fn of(&self, issuer: &str) -> Option<&OfIssuer> {
        self.issuers.get(issuer)
    }

    /// Adds an entry, or prolongs the one that is there. Drops entries that have expired if there is no room.
    pub(super) fn insert(
        &mut self,
        issuer: &str,
        revoked: Revoked<'_>,
        expiry: Expiry,
        now: u64,
    ) -> Result<(), Full> {
        if self.of(issuer).is_some_and(|of_issuer| of_issuer.has(revoked)) {
            self.add(issuer, revoked, expiry);
            return Ok(());
        }
        let bytes = issuer.len() + revoked.name().len();
        if !self.has_room(bytes) {
            self.drop_expired(now);
        }
        if !self.has_room(bytes) {
            return Err(Full);
        }
        self.entries += 1;
        self.bytes += bytes;
        self.add(issuer, revoked, expiry);
        Ok(())
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.entries < self.max_entries
            && self.bytes + bytes <= self.max_entries.saturating_mul(BYTES_OF_ENTRY)
    }

    fn add(&mut self, issuer: &str, revoked: Revoked<'_>, expiry: Expiry) {
        let of_issuer = self.issuers.entry(issuer.into()).or_default();
        match revoked {
            Revoked::Token(id) => prolong(&mut of_issuer.tokens, id, expiry),
            Revoked::Session(id) => prolong(&mut of_issuer.sessions, id, expiry),
            Revoked::Subject(subject, cutoff) => {
                let entry = of_issuer.subjects.entry(subject.into()).or_default();
                *entry = (entry.0.max(cutoff), entry.1.max(expiry));
            }
        }
    }

    fn drop_expired(&mut self, now: u64) {
        let (mut entries, mut bytes) = (0, 0);
        self.issuers.retain(|issuer, OfIssuer { tokens, subjects, sessions }| {
            let mut kept = |name: &str, expiry: Expiry| {
                let is_kept = now < expiry;
                entries += usize::from(is_kept);
                bytes += if is_kept { issuer.len() + name.len() } else { 0 };
                is_kept
            };
            tokens.retain(|name, expiry| kept(name, *expiry));
            subjects.retain(|name, (_, expiry)| kept(name, *expiry));
            sessions.retain(|name, expiry| kept(name, *expiry));
            !(tokens.is_empty() && subjects.is_empty() && sessions.is_empty())
        });
        (self.entries, self.bytes) = (entries, bytes);
    }
}

fn prolong(entries: &mut HashMap<Box<str>, Expiry>, name: &str, expiry: Expiry) {
    let entry = entries.entry(name.into()).or_default();
    *entry = expiry.max(*entry);
}

impl<'a> Revoked<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Token(name) | Self::Subject(name, _) | Self::Session(name) => name,
        }
    }
}

impl OfIssuer {
    fn has(&self, revoked: Revoked<'_>) -> bool {
        match revoked {
            Revoked::Token(id) => self.has_token(id),
            Revoked::Subject(subject, _) => self.cutoff(subject).is_some(),
            Revoked::Session(id) => self.has_session(id),
        }
    }

    pub(super) fn has_token(&self, id: &str) -> bool {
        self.tokens.contains_key(id)
    }

    pub(super) fn cutoff(&self, subject: &str) -> Option<Cutoff> {
        self.subjects.get(subject).map(|(cutoff, _)| *cutoff)
    }

    pub(super) fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    pub(super) fn has_session(&self, id: &str) -> bool {
        self.sessions.contains_key(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_of_its_issuer_and_kind() {
        let mut table = Table::new(9);
        table.insert("i", Revoked::Token("a"), 100, 0).unwrap();
        table.insert("i", Revoked::Subject("b", 7), 100, 0).unwrap();
        table.insert("i", Revoked::Session("c"), 100, 0).unwrap();
        let of_issuer = table.of("i").unwrap();
        for name in ["a", "b", "c", ""] {
            assert_eq!(of_issuer.has_token(name), name == "a");
            assert_eq!(of_issuer.cutoff(name), (name == "b").then_some(7));
            assert_eq!(of_issuer.has_session(name), name == "c");
        }
        assert!(table.of("j").is_none());
    }

    #[test]
    fn the_later_cutoff_and_the_later_expiry_stay() {
        let mut table = Table::new(2);
        for (cutoff, expiry) in [(5, 100), (9, 50), (7, 60)] {
            table.insert("i", Revoked::Subject("a", cutoff), expiry, 0).unwrap();
            table.insert("i", Revoked::Token("a"), expiry, 0).unwrap();
        }
        assert_eq!((table.len(), table.of("i").unwrap().cutoff("a")), (2, Some(9)));
        // None of the two has expired, so that there is no room.
        assert_eq!(table.insert("i", Revoked::Token("b"), 200, 99), Err(Full));
        assert_eq!(table.insert("i", Revoked::Token("b"), 200, 100), Ok(()));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn entries_and_their_bytes_are_bounded() {
        let mut table = Table::new(100);
        let filled = |table: &mut Table, name: &dyn Fn(usize) -> String| {
            (0..1000)
                .filter(|index| table.insert("i", Revoked::Session(&name(*index)), 10, 0).is_ok())
                .count()
        };
        assert_eq!(filled(&mut table, &|index| index.to_string()), 100);
        assert!(table.insert("i", Revoked::Session("7"), 20, 0).is_ok(), "it is there already");
        table.drop_expired(10);
        assert_eq!((table.len(), table.bytes), (1, 2));
        table.drop_expired(20);
        assert_eq!((table.len(), table.bytes, table.issuers.len()), (0, 0, 0));
        assert_eq!(filled(&mut table, &|index| format!("{index:01000}")), 100 * BYTES_OF_ENTRY / 1001);
    }
}
