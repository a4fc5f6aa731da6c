//! What a route demands of a token: [`Policy`](crate::Policy) and what belongs to it.

mod login;
#[allow(clippy::module_inception, reason = "the noun that the folder is about")]
pub(crate) mod policy;
pub(crate) mod required_scopes;
mod rule;
pub(crate) mod sufficient;
mod supposed;

pub use self::login::InvalidAcr;
pub use self::policy::{ClaimPolicy, EmptyPolicy};
pub use crate::token::claim_value::ClaimValue;
pub use crate::token::scope::InvalidScope;
