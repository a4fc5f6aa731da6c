//! The names of the members of open objects, so that none stands twice in one object.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// So many names of one object are compared one by one, which is faster than to hash them and takes no memory.
const FEW: usize = 32;

/// By how much a set of hashes grows: seldom, since all of them move then.
const GROWTH: usize = 4;

/// The names seen so far in each object that is still open. The work is linear in their number.
pub(crate) struct OpenNames<'de> {
    /// Innermost object last.
    names: Vec<Cow<'de, str>>,
    /// The hashes of the names of each open object that has more than a few, innermost last.
    crowds: Vec<Crowd>,
}

struct Crowd {
    /// Where the names of its object begin. No two open objects begin at the same place, for the outer one has
    /// a name already: that of the member that the inner one is in.
    start: usize,
    /// Seeded at random, so that nobody can choose names that collide.
    seed: RandomState,
    hashes: HashSet<u64, BuildHasherDefault<Hashed>>,
}

/// Takes a hash for what it is, and does not hash it again.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Nothing but one `u64` is hashed here.
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'de> OpenNames<'de> {
    pub(crate) fn with_capacity(names: usize) -> Self {
        Self { names: Vec::with_capacity(names), crowds: Vec::new() }
    }

    /// Where the names of an object begin that is opened now.
    pub(crate) fn open(&self) -> usize {
        self.names.len()
    }

    /// Notes a name of the innermost open object, whose names begin at `start`. Returns `false` if the object
    /// has it already.
    pub(crate) fn enter(&mut self, start: usize, name: Cow<'de, str>) -> bool {
        let is_new = if self.names.len() - start < FEW {
            !self.has(start, &name)
        } else {
            // Two names may have one hash: only the names themselves decide.
            self.note_hash(start, &name) || !self.has(start, &name)
        };
        if is_new {
            self.names.push(name);
        }
        is_new
    }

    /// Forgets the names of the innermost open object, which begin at `start`.
    pub(crate) fn close(&mut self, start: usize) {
        self.names.truncate(start);
        if self.crowds.last().is_some_and(|crowd| crowd.start == start) {
            self.crowds.pop();
        }
    }

    pub(crate) fn into_names(self) -> Vec<Cow<'de, str>> {
        self.names
    }

    fn has(&self, start: usize, name: &str) -> bool {
        self.names.iter().skip(start).any(|seen| is_same(seen, name))
    }

    /// Returns `false` if a name of the object has the same hash.
    fn note_hash(&mut self, start: usize, name: &str) -> bool {
        if self.crowds.last().is_none_or(|crowd| crowd.start != start) {
            let seed = RandomState::new();
            let mut hashes = HashSet::with_capacity_and_hasher(GROWTH * FEW, BuildHasherDefault::default());
            hashes.extend(self.names.iter().skip(start).map(|name| seed.hash_one(&**name)));
            self.crowds.push(Crowd { start, seed, hashes });
        }
        let Some(Crowd { seed, hashes, .. }) = self.crowds.last_mut() else { return false };
        if hashes.len() == hashes.capacity() {
            hashes.reserve((GROWTH - 1) * hashes.len());
        }
        hashes.insert(seed.hash_one(name))
    }
}

fn is_same(seen: &str, name: &str) -> bool {
    #[cfg(test)]
    tests::COMPARISONS.set(tests::COMPARISONS.get() + 1);
    seen == name
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How many names this thread has compared.
        pub(super) static COMPARISONS: Cell<usize> = const { Cell::new(0) };
    }

    /// How many names are noted, hashed and compared for `count` names in objects that hold `in_each`.
    fn work(count: usize, in_each: usize) -> usize {
        COMPARISONS.set(0);
        let mut names = OpenNames::with_capacity(0);
        let (mut noted, mut hashed) = (0, 0);
        for _ in 0..count / in_each {
            let start = names.open();
            for index in 0..in_each {
                assert!(names.enter(start, index.to_string().into()));
            }
            noted += in_each;
            hashed += names.crowds.iter().map(|crowd| crowd.hashes.len()).sum::<usize>();
            names.close(start);
        }
        assert!(names.names.is_empty() && names.crowds.is_empty());
        noted + hashed + COMPARISONS.get()
    }

    #[test]
    fn ten_times_the_names_are_at_most_fifteen_times_the_work() {
        for count in [100, 1_000, 10_000] {
            let (work_of_one, work_of_ten) = (work(count, count), work(10 * count, 10 * count));
            assert!(work_of_ten < 15 * work_of_one, "{count}: {work_of_one}, ten times: {work_of_ten}");
        }
        for in_each in [1, 2, FEW - 1, FEW, FEW + 1, 50, 100] {
            let (work_of_one, work_of_ten) = (work(1_000, in_each), work(10_000, in_each));
            assert!(work_of_ten < 15 * work_of_one, "{in_each} in each: {work_of_one}, {work_of_ten}");
        }
    }

    #[test]
    fn a_hash_that_two_names_share_is_no_duplicate() {
        let mut names = OpenNames::with_capacity(0);
        for index in 0..=FEW {
            assert!(names.enter(0, index.to_string().into()));
        }
        let crowd = names.crowds.last_mut().unwrap();
        let of_next = crowd.seed.hash_one("next");
        assert!(crowd.hashes.insert(of_next));
        assert!(names.enter(0, "next".into()), "only its hash was there");
        assert!(!names.enter(0, "next".into()));
        assert!(!names.enter(0, "0".into()), "of the first few");
    }

    #[test]
    fn a_crowded_object_goes_on_after_those_within_it() {
        let mut names = OpenNames::with_capacity(0);
        let fill = |names: &mut OpenNames<'_>, start, prefix: &str, count: usize| {
            for is_new in [true, false] {
                for index in 0..count {
                    assert_eq!(
                        names.enter(start, format!("{prefix}{index}").into()),
                        is_new,
                        "{prefix}{index}"
                    );
                }
            }
        };
        let outer = names.open();
        fill(&mut names, outer, "", 2 * FEW);
        for (inner_count, innermost_count) in [(1, 1), (FEW, 3 * FEW), (3 * FEW, FEW), (2 * FEW, 2 * FEW)] {
            // With the names of the object around them, and with others.
            for prefix in ["", "x"] {
                let inner = names.open();
                fill(&mut names, inner, prefix, inner_count);
                let innermost = names.open();
                fill(&mut names, innermost, prefix, innermost_count);
                names.close(innermost);
                fill(&mut names, inner, "after", 2 * FEW);
                assert!(!names.enter(inner, format!("{prefix}0").into()));
                names.close(inner);
                assert!(!names.enter(outer, "0".into()));
            }
        }
        fill(&mut names, outer, "after", FEW);
        fill(&mut names, outer, "x", FEW);
    }
}
