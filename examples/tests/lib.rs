//! Compiles what the README shows. The tests beside this file start the examples, which
//! `cargo build --workspace --examples` builds, as `cargo test --workspace` does.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/providers.md")]
struct Providers;

#[cfg(doctest)]
#[doc = include_str!("../../docs/credentials.md")]
struct Credentials;

#[cfg(doctest)]
#[doc = include_str!("../../docs/protected-resource.md")]
struct ProtectedResource;
