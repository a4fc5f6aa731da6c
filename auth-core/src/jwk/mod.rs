//! JSON Web Keys: one key, and a set of them.

pub(crate) mod key;
pub(crate) mod set;
