//! The conformance suite: one table of requests and exact answers, held against a server over a
//! socket.
//!
//! It does not care which framework or language the server is written in. The server under test
//!
//! 1. is given the key set of a [`Fixture`] ([`Fixture::jwks`], with good keys and bad ones), or whole
//!    [`Fixture::authenticator`]; it expects `iss` `https://issuer.example` and `aud`
//!    `https://api.example`, with a leeway of 60 seconds and no realm,
//! 2. serves these routes with `GET`, and `/protected` with `HEAD`:
//!
//! | route | demands | answers |
//! |---|---|---|
//! | `/public` | nothing | `{"message":"Hello, anyone"}` |
//! | `/protected` | a good token | `{"message":"Hello alice"}` with the subject |
//! | `/optional` | a good token or none | `Hello alice` or `{"message":"Hello, stranger"}` |
//! | `/orders` | scope `orders:read` | `{"message":"Orders of alice"}` |
//! | `/admin` | role `admin` in claim `roles` | `{"message":"Hello admin alice"}` |
//!
//! With feature `grpc`, `Fixture::run_grpc` holds the same table against a gRPC server.
//!
//! [`AccessRules`] tries guards, policies and users, [`OtherSources`] credentials from elsewhere than the Authorization
//! field, [`DescribedResource`] a server that tells clients where to get tokens, and [`SeenTokens`] what a server remembers;
//! all on servers of this process.
//!
//! ```no_run
//! use auth_core::Algorithm;
//! use auth_testing::conformance::Fixture;
//!
//! let fixture = Fixture::new(Algorithm::Es256);
//! let address = "127.0.0.1:3000".parse()?; // where a server with `fixture.authenticator()` listens
//! fixture.run(address).assert_passed();
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
#![doc = include_str!("catalogue.md")]

mod access;
mod attacks;
mod case;
mod client;
mod fixture;
#[cfg(feature = "grpc")]
mod grpc;
mod report;
mod resource;
mod seen;
mod server;
mod sources;
mod suite;
mod table;

pub use self::access::AccessRules;
pub use self::case::Case;
pub use self::client::{Answer, send};
pub(crate) use self::client::{Head, send_for_head};
pub use self::fixture::Fixture;
pub use self::report::Report;
pub use self::resource::DescribedResource;
pub use self::seen::SeenTokens;
pub use self::sources::OtherSources;
pub use self::suite::cases;
